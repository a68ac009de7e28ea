import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { mebibytes } from '../model/format.js';
import { usePage } from './context.js';

const EVERY_MILLIS = 500;

interface Readings {
  readonly gpu: number;
  readonly heap: number | undefined;
  /** The longest time between two frames since the page was opened, in milliseconds. */
  readonly frame: number;
}

export function Footer() {
  const page = usePage();
  const readings = useReadings();
  return (
    <footer>
      <p>
        <b>Espalier</b> trains, prunes and fine-tunes with WebGPU, here and on the command line:{' '}
        <code>npx espalier run</code>. The method is greedy forward selection (Ye et al., ICML
        2020); the question, how much pre-training is enough, is that of Wolfe et al. (TMLR 2024).
      </p>
      <details>
        <summary>Under the hood</summary>
        <dl class="readings">
          <div>
            <dt>Adapter</dt>
            <dd>{page.adapter.value?.name ?? 'none'}</dd>
          </div>
          <div>
            <dt>Graphics memory in use</dt>
            <dd data-live-bytes={readings.gpu}>{mebibytes(readings.gpu)}</dd>
          </div>
          <div>
            <dt>Script memory in use</dt>
            <dd data-heap={readings.heap}>
              {readings.heap === undefined ? 'not told by this browser' : mebibytes(readings.heap)}
            </dd>
          </div>
          <div>
            <dt>Longest wait between frames</dt>
            <dd data-longest-frame={readings.frame}>{Math.round(readings.frame)} ms</dd>
          </div>
        </dl>
      </details>
    </footer>
  );
}

function useReadings(): Readings {
  const { device } = usePage();
  const readings = useSignal<Readings>({ gpu: 0, heap: undefined, frame: 0 });
  useEffect(() => {
    let longest = 0;
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      // A hidden page gets no frames, which is no delay.
      if (!document.hidden) longest = Math.max(longest, now - last);
      last = now;
      frame = requestAnimationFrame(tick);
    });
    const timer = setInterval(() => {
      const { memory } = performance as { memory?: { usedJSHeapSize: number } };
      readings.value = {
        gpu: device.value?.liveBytes ?? 0,
        heap: memory?.usedJSHeapSize,
        frame: longest,
      };
    }, EVERY_MILLIS);
    return () => {
      cancelAnimationFrame(frame);
      clearInterval(timer);
    };
  }, [device, readings]);
  return readings.value;
}

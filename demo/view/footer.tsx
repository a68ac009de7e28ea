import { mebibytes } from '../../src/text.js';
import { usePage } from './context.js';
import { useReadings } from './readings.js';

export function Footer() {
  const page = usePage();
  const readings = useReadings();
  const { frames } = readings;
  return (
    <footer>
      <p>
        <b>Espalier</b> trains, prunes and fine-tunes with WebGPU, here and on the command line:{' '}
        <code>npx espalier run</code>. The method is greedy forward selection (Ye et al., ICML
        2020); the question, how much pre-training is enough, is that of Wolfe et al. (TMLR 2024).
        The digits are MNIST’s, by Yann LeCun and Corinna Cortes (CC BY-SA 3.0).
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
            <dd data-live-bytes={readings.gpu}>
              {mebibytes(readings.gpu)}, at most {mebibytes(readings.peak)}
            </dd>
          </div>
          <div>
            <dt>Script memory in use</dt>
            <dd data-heap={readings.heap}>
              {readings.heap === undefined ? 'not told by this browser' : mebibytes(readings.heap)}
            </dd>
          </div>
          <div>
            <dt>From frame to frame, of late</dt>
            <dd data-longest-frame={frames.longest}>
              {frames.median} ms, 95 % within {frames.most} ms, longest {frames.longest} ms
            </dd>
          </div>
        </dl>
      </details>
    </footer>
  );
}

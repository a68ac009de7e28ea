import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { usePage } from './context.js';

const EVERY_MILLIS = 500;
const WINDOW_MILLIS = 10_000;

export interface Readings {
  /** Bytes of all buffers on the graphics device. */
  readonly gpu: number;
  /** The most such bytes at one time since the run began. */
  readonly peak: number;
  /** Bytes of the script's heap, where the browser tells. */
  readonly heap: number | undefined;
  /** Milliseconds from one frame to the next, over the last ten seconds. */
  readonly frames: Frames;
}

export interface Frames {
  readonly median: number;
  /** 95 % of the times are at most this. */
  readonly most: number;
  readonly longest: number;
}

/** The page's memory and its times between frames, measured twice a second. */
export function useReadings(): Readings {
  const { device } = usePage();
  const readings = useSignal<Readings>({
    gpu: 0,
    peak: 0,
    heap: undefined,
    frames: frameTimes([]),
  });
  useEffect(() => {
    let gaps: { readonly at: number; readonly gap: number }[] = [];
    let last = performance.now();
    let frame = requestAnimationFrame(function tick(now) {
      gaps.push({ at: now, gap: now - last });
      last = now;
      frame = requestAnimationFrame(tick);
    });
    // A hidden page gets no frames. The time that it was hidden is no delay.
    const shown = () => {
      last = performance.now();
    };
    document.addEventListener('visibilitychange', shown);
    const timer = setInterval(() => {
      gaps = gaps.filter(({ at }) => at > performance.now() - WINDOW_MILLIS);
      const { memory } = performance as { memory?: { usedJSHeapSize: number } };
      readings.value = {
        gpu: device.value?.liveBytes ?? 0,
        peak: device.value?.peakBytes ?? 0,
        heap: memory?.usedJSHeapSize,
        frames: frameTimes(gaps.map(({ gap }) => gap)),
      };
    }, EVERY_MILLIS);
    return () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('visibilitychange', shown);
      clearInterval(timer);
    };
  }, [device, readings]);
  return readings.value;
}

function frameTimes(gaps: readonly number[]): Frames {
  const sorted = gaps.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
  return { median: at(0.5), most: at(0.95), longest: at(1) };
}

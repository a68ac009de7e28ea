import type { Pace } from '../gpu/device.js';

/**
 * While a wait is pending, Dawn's Node binding polls the GPU on every turn of the event loop, which
 * takes a whole core. A software adapter needs that core: with a sleep on each turn its kernels
 * were 1.2 to 1.5 times as fast on two cores. A sleep takes a quarter of the time waited so far, so
 * that short waits stay short, and at most `milliseconds`. A hardware adapter needs no pace.
 */
export function createPace(milliseconds: number): Pace {
  const never = new Int32Array(new SharedArrayBuffer(4));
  let pending = 0;
  let since = 0;
  let scheduled = false;
  const turn = () => {
    scheduled = pending > 0;
    if (!scheduled) return;
    Atomics.wait(never, 0, 0, Math.min(milliseconds, (performance.now() - since) / 4));
    setImmediate(turn);
  };
  return async (wait) => {
    if (pending++ === 0) since = performance.now();
    if (!scheduled) turn();
    try {
      return await wait;
    } finally {
      pending--;
    }
  };
}

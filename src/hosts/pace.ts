/** Wraps every wait for the GPU. */
export type Pace = <T>(wait: Promise<T>) => Promise<T>;

/**
 * While any wait is pending, Dawn's Node binding polls the GPU on every turn of the event loop and
 * so takes a whole core. A software adapter needs that core: sleeping on each turn made its kernels
 * 1.2 to 1.5 times faster on two cores. A sleep takes a quarter of the time waited so far, at most
 * `milliseconds`, so that a short wait is not drawn out. A hardware adapter needs no pace.
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

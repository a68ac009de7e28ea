import { randomStream } from '../random.js';

/**
 * For each of `steps` steps `size` different numbers below `count`, ascending: the candidates, or
 * the examples, that the step looks at [steps × size]. Every step goes on shuffling where the last
 * one left off, which leaves each draw uniform.
 */
export function drawRows(
  steps: number,
  count: number,
  size: number,
  seed: number,
  purpose: string,
): Uint32Array {
  const stream = randomStream(seed, `selection ${purpose}`);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  const drawn = new Uint32Array(steps * size);
  for (let step = 0; step < steps; step++) {
    for (let place = 0; place < size; place++) {
      const other = place + stream.below(count - place);
      [order[place], order[other]] = [order[other] ?? 0, order[place] ?? 0];
    }
    drawn.set(order.slice(0, size).sort(), step * size);
  }
  return drawn;
}

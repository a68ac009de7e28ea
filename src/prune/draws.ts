import { distinctDraws, randomStream } from '../random.js';

/**
 * The candidates, or the examples, that each step looks at [steps × size]: `size` different numbers
 * below `count`, drawn anew for each step, in ascending order.
 */
export function drawIndices(
  steps: number,
  count: number,
  size: number,
  seed: number,
  purpose: string,
): Uint32Array {
  const draw = distinctDraws(randomStream(seed, `selection ${purpose}`), count);
  const drawn = new Uint32Array(steps * size);
  for (let step = 0; step < steps; step++) drawn.set(draw(size).sort(), step * size);
  return drawn;
}

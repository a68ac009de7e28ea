import { randomNumbers } from './case.js';

/** Targets of `count` examples: zeros and ones for one output, a one among zeros for more. */
export function randomLabels(count: number, outputs: number, seed: number): Float32Array {
  const classes = randomNumbers(count, seed).map((x) => Math.floor(Math.abs(x) * 97));
  return Float32Array.from({ length: count * outputs }, (_, at) => {
    const label = classes[Math.floor(at / outputs)] ?? 0;
    return outputs === 1 ? label % 2 : Number(label % outputs === at % outputs);
  });
}

import { NO_SLOT } from '../../shaders/selection-state.js';
import { Batch } from '../../src/gpu/batch.js';
import { prepareScoreInit } from '../../src/kernels/score-init.js';
import { elementsOf } from '../../src/reference/element.js';
import { scoreInitReference } from '../../src/reference/score-init.js';
import { type KernelCase, randomNumbers, requireSame, requireWithin } from './case.js';
import { floatsOf, GUARD, memoryCase, nans, uintsOf } from './memory.js';

const SHAPES: readonly (readonly [n: number, outputs: number, slices: number])[] = [
  [1, 1, 1],
  [131, 1, 4],
  [65, 2, 3],
  [64, 3, 1],
  [67, 10, 5],
];

export const scoreInitCases: readonly KernelCase[] = SHAPES.map(([n, outputs, slices]) =>
  memoryCase(`score-init ${n} × ${outputs}, ${slices} slices`, async (device, memory) => {
    const values = randomNumbers(slices * (outputs + 1) * n, 1);
    const weights = randomNumbers(n * outputs, 2);
    const products = memory.matrix(slices * (outputs + 1), n, values);
    const correlations = memory.buffer(nans(n));
    const scores = memory.buffer(nans(n));
    const slots = memory.buffer(new Uint32Array(n).fill(GUARD));
    const run = await prepareScoreInit(device, {
      products: products.buffer,
      stride: products.stride,
      slices,
      weights: memory.matrix(n, outputs, weights),
      correlations,
      scores,
      slots,
    });
    const batch = new Batch(device);
    run(batch);
    await batch.finish();
    const product = elementsOf(values, n);
    const reference = scoreInitReference({
      n,
      outputs,
      slices,
      products: (s, r, i) => product(s * (outputs + 1) + r, i),
      weights: elementsOf(weights, outputs),
    });
    requireWithin(await floatsOf(correlations), reference.correlations);
    requireWithin(await floatsOf(scores), reference.scores);
    requireSame(await uintsOf(slots), new Uint32Array(n).fill(NO_SLOT));
  }),
);

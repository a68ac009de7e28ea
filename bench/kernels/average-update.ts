import { readFloats } from '../../src/gpu/buffer.js';
import { AVERAGE_WORDS, prepareAverageUpdate } from '../../src/kernels/average-update.js';
import { averageUpdateReference } from '../../src/reference/average-update.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { type RuleUpdateShape, ruleOperands } from '../rule-update.js';

export const averageUpdateBench: KernelBench<RuleUpdateShape> = {
  name: 'average-update',
  shapes: [
    { n: 1024, c: 1, step: 0 },
    { n: 10_000, c: 10, step: 0 },
  ],
  // B_i · B_s, the product with the row, and the score.
  operations: ({ n, c }) => n * (2 * c + 4),
  // Row, weights, the correlation of each neuron, scores in and out.
  bytes: ({ n, c }) => 4 * n * (c + 4),
  prepare: async ({ device, scope, shape }) => {
    const { buffers, problem, scores } = ruleOperands(scope, shape, AVERAGE_WORDS);
    const run = await prepareAverageUpdate(device, buffers);
    return {
      encode: run,
      verify: async () => {
        const reference = averageUpdateReference({ ...problem, scores });
        requireWithin(await readFloats(buffers.scores), reference, 'scores');
      },
    };
  },
};

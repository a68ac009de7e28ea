import { readFloats } from '../../src/gpu/buffer.js';
import { CORRECTIVE_WORDS, prepareCorrectiveUpdate } from '../../src/kernels/corrective-update.js';
import { correctiveUpdateReference } from '../../src/reference/corrective-update.js';
import { rowMajor } from '../../src/reference/element.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';
import { type RuleUpdateShape, ruleOperands } from '../rule-update.js';

export const correctiveUpdateBench: KernelBench<RuleUpdateShape> = {
  name: 'corrective-update',
  shapes: [
    { n: 1024, c: 1, step: 100 },
    { n: 10_000, c: 10, step: 100 },
  ],
  // B_i · B_s and the row, two for each earlier direction, and what follows from the new one.
  operations: ({ n, c, step }) => n * (2 * c + 2 * step + 9),
  // The earlier directions, the new one, row, weights, three inner products in and two out, scores out.
  bytes: ({ n, c, step }) => 4 * n * (step + c + 8),
  prepare: async ({ device, scope, shape }) => {
    const { n, step } = shape;
    const { buffers, problem, picked } = ruleOperands(scope, shape, CORRECTIVE_WORDS);
    // Small, so that what is left of a neuron's norm stays far from nothing.
    const directions = randomNumbers((step + 1) * n, 5).map((x) => x / 16);
    const basis = scope.bufferFrom('orthonormal basis', directions);
    const run = await prepareCorrectiveUpdate(device, { ...buffers, basis });
    return {
      encode: (commands) => run(commands, step),
      verify: async () => {
        const reference = correctiveUpdateReference({
          ...problem,
          step,
          picked,
          basis: rowMajor(directions, n),
        });
        requireWithin(await readFloats(buffers.scores), reference.scores, 'scores');
        const along = (await readFloats(basis)).subarray(step * n, (step + 1) * n);
        requireWithin(along, reference.along, 'new direction');
      },
    };
  },
};

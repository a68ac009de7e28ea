import { readFloats } from '../../src/gpu/buffer.js';
import {
  LINE_SEARCH_WORDS,
  prepareLineSearchUpdate,
} from '../../src/kernels/line-search-update.js';
import { lineSearchUpdateReference } from '../../src/reference/line-search-update.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { type RuleUpdateShape, ruleOperands } from '../rule-update.js';

/** ‖u‖² and ⟨u, y⟩ of the mixture that the pick joins. */
const BEFORE = { energy: 1.5, correlation: 0.75 } as const;

export const lineSearchUpdateBench: KernelBench<RuleUpdateShape> = {
  name: 'line-search-update',
  shapes: [
    { n: 1024, c: 1, step: 8 },
    { n: 10_000, c: 10, step: 8 },
  ],
  // B_i · B_s, the row, ⟨φ_i, y − u⟩, e, f, the step and the score.
  operations: ({ n, c }) => n * (2 * c + 18),
  // Row, weights, three inner products in and one out, scores out.
  bytes: ({ n, c }) => 4 * n * (c + 6),
  prepare: async ({ device, scope, shape }) => {
    const { buffers, problem, picked } = ruleOperands(scope, shape, LINE_SEARCH_WORDS);
    const { energy, correlation } = BEFORE;
    const places = [energy, correlation, energy, correlation];
    const mixture = scope.bufferFrom('mixture', Float32Array.from(places));
    const run = await prepareLineSearchUpdate(device, { ...buffers, mixture });
    return {
      encode: (commands) => run(commands, shape.step),
      verify: async () => {
        const { step } = shape;
        const reference = lineSearchUpdateReference({ ...problem, step, picked, mixture: BEFORE });
        requireWithin(await readFloats(buffers.scores), reference.scores, 'scores');
      },
    };
  },
};

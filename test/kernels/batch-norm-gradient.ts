import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareBatchNormGradient } from '../../src/kernels/batch-norm-gradient.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { batchNormGradientReference } from '../../src/reference/batch-norm-gradient.js';
import { BATCH_NORM_SPECS, batchNormProblem, nameOfBatchNorm } from './batch-norm-problem.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

/** Behind a residual the gradient has the activation's derivative in it already. */
const SPECS = BATCH_NORM_SPECS.filter(({ residual, activation }) => !residual || !activation);

export const batchNormGradientCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.flatMap((variant) =>
    [true, false].map((inPlace) => {
      const name = `${nameOfBatchNorm('batch-norm-gradient', spec, variant)}${inPlace ? ', in place' : ''}`;
      return memoryCase(name, async (device, memory) => {
        const given = batchNormProblem(spec, memory);
        const { map, maps, called, columns, statistics, affine, epsilon, activation } = given;
        const gradient = map(maps.gradient);
        const into = inPlace ? gradient : map();
        const sums = randomNumbers(2 * columns, 8).map((x) => 10 * x);
        const run = await prepareBatchNormGradient(device, {
          input: map(maps.input),
          statistics,
          affine,
          epsilon,
          activation,
          gradient,
          affineGradient: memory.weights(2, columns, sums),
          into,
          variant,
        });
        const commands = new Commands(device);
        run(commands, { images: called });
        await commands.finish();
        const reference = batchNormGradientReference({
          ...given.problem,
          gradient: given.seen(maps.gradient),
          affineGradient: sums,
        });
        const after = await readOwnValues(gradient.matrix);
        const found = inPlace ? given.seen(after) : await writtenValues(into, called);
        requireWithin(found, reference);
        const kept = inPlace ? found.length : 0;
        requireSame(after.subarray(kept), maps.gradient.subarray(kept));
      });
    }),
  ),
);

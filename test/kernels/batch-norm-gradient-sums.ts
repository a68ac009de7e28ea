import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareBatchNormGradientSums } from '../../src/kernels/batch-norm-gradient-sums.js';
import { ROW_WALK_VARIANTS, sumsWalk } from '../../src/kernels/row-walk.js';
import { batchNormGradientSumsReference } from '../../src/reference/batch-norm-gradient-sums.js';
import { BATCH_NORM_SPECS, batchNormProblem, nameOfBatchNorm } from './batch-norm-problem.js';
import type { KernelCase } from './case.js';
import { memoryCase, readOwnValues, sumOfSlices, writtenValues } from './memory.js';

export const batchNormGradientSumsCases: readonly KernelCase[] = BATCH_NORM_SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) =>
    memoryCase(
      nameOfBatchNorm('batch-norm-gradient-sums', spec, variant),
      async (device, memory) => {
        const given = batchNormProblem(spec, memory);
        const { map, maps, called, columns, statistics, affine, epsilon, activation } = given;
        const [input, gradient] = [map(maps.input), map(maps.gradient)];
        const { slices } = sumsWalk(input, variant);
        const sums = memory.map({ images: 2 * slices, height: 1, width: 1, channels: columns });
        const run = await prepareBatchNormGradientSums(device, {
          input,
          statistics,
          affine,
          epsilon,
          activation,
          gradient,
          output: spec.residual ? map(maps.output) : undefined,
          sums: sums.matrix,
          variant,
        });
        const commands = new Commands(device);
        run(commands, { images: called });
        await commands.finish();
        const reference = batchNormGradientSumsReference({
          ...given.problem,
          gradient: given.seen(maps.gradient),
          output: spec.residual ? given.seen(maps.output) : undefined,
        });
        const count = sumsWalk(input, variant, called).slices;
        const parts = await writtenValues(sums, 2 * count);
        requireWithin(sumOfSlices(parts, { first: 0, count, size: 2 * columns }), reference.sums);
        const after = await readOwnValues(gradient.matrix);
        const bent = spec.residual && activation !== 'none';
        if (bent) requireWithin(given.seen(after), reference.residual);
        else requireSame(given.seen(after), given.seen(maps.gradient));
        const rest = given.seen(after).length;
        requireSame(after.subarray(rest), maps.gradient.subarray(rest));
      },
    ),
  ),
);

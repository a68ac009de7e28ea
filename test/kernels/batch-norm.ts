import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareBatchNorm } from '../../src/kernels/batch-norm.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { batchNormReference } from '../../src/reference/batch-norm.js';
import { BATCH_NORM_SPECS, batchNormProblem, nameOfBatchNorm } from './batch-norm-problem.js';
import type { KernelCase } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

export const batchNormCases: readonly KernelCase[] = BATCH_NORM_SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) =>
    memoryCase(nameOfBatchNorm('batch-norm', spec, variant), async (device, memory) => {
      const given = batchNormProblem(spec, memory);
      const { map, maps, called, statistics, affine, epsilon, activation } = given;
      const output = map();
      const run = await prepareBatchNorm(device, {
        input: map(maps.input),
        statistics,
        affine,
        epsilon,
        activation,
        residual: spec.residual ? map(maps.added) : undefined,
        output,
        variant,
      });
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      requireWithin(await writtenValues(output, called), batchNormReference(given.problem));
    }),
  ),
);

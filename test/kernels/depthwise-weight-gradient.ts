import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import {
  depthwiseWalk,
  prepareDepthwiseWeightGradient,
} from '../../src/kernels/depthwise-weight-gradient.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { depthwiseWeightGradientReference } from '../../src/reference/depthwise-weight-gradient.js';
import type { KernelCase } from './case.js';
import {
  DEPTHWISE_SPECS,
  type DepthwiseSpec,
  depthwiseProblem,
  nameOfDepthwise,
} from './depthwise-problem.js';
import { memoryCase, sumOfSlices, writtenValues } from './memory.js';

/** And one whose tiles fill several slices. */
const SPECS: readonly DepthwiseSpec[] = [
  ...DEPTHWISE_SPECS,
  { input: [3, 23, 19, 5], kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] },
];

export const depthwiseWeightGradientCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) =>
    memoryCase(
      nameOfDepthwise(`depthwise-weight-gradient ${variant}`, spec),
      async (device, memory) => {
        const problem = depthwiseProblem(spec);
        const { window, called, taps, x, slopes, oracle } = problem;
        const { channels } = oracle;
        const input = memory.map(problem.input, x);
        const gradient = memory.map(problem.output, slopes);
        const { slices } = depthwiseWalk(window, { input, gradient }, variant);
        const parts = memory.map({ images: slices * taps, height: 1, width: 1, channels });
        const run = await prepareDepthwiseWeightGradient(device, {
          ...window,
          input,
          gradient,
          parts: parts.matrix,
          variant,
        });
        const commands = new Commands(device);
        run(commands, { images: called });
        await commands.finish();
        const count = depthwiseWalk(window, { input, gradient }, variant, called).slices;
        const values = await writtenValues(parts, count * taps);
        requireWithin(
          sumOfSlices(values, { first: 0, count, size: taps * channels }),
          depthwiseWeightGradientReference(oracle),
        );
      },
    ),
  ),
);

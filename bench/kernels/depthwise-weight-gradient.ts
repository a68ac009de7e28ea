import { readMatrix } from '../../src/gpu/matrix.js';
import {
  depthwiseWalk,
  prepareDepthwiseWeightGradient,
} from '../../src/kernels/depthwise-weight-gradient.js';
import { ROW_WALK_VARIANTS, type RowWalkVariant } from '../../src/kernels/row-walk.js';
import { rowWalkVariant } from '../../src/kernels/variant.js';
import { depthwiseWeightGradientReference } from '../../src/reference/depthwise-weight-gradient.js';
import { elementsAt, requireWithin, spread } from '../check.js';
import { DEPTHWISE_BENCH, type DepthwiseShape, depthwiseMaps } from '../depthwise.js';
import type { KernelBench } from '../kernel.js';
import { blankRows } from '../maps.js';

export const depthwiseWeightGradientBench: KernelBench<DepthwiseShape> = {
  name: 'depthwise-weight-gradient',
  ...DEPTHWISE_BENCH,
  variants: ROW_WALK_VARIANTS,
  preferred: rowWalkVariant,
  prepare: async ({ device, scope, shape, variant: asked }) => {
    const variant = asked as RowWalkVariant;
    const { window, input, gradient, oracle, some } = depthwiseMaps(scope, shape);
    const { slices } = depthwiseWalk(window, { input, gradient }, variant);
    const { channels, kernel } = shape;
    const taps = kernel ** 2;
    const parts = blankRows(scope, 'slices', slices * taps, channels);
    const given = { ...window, input, gradient, parts, variant };
    const run = await prepareDepthwiseWeightGradient(device, given);
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const totals = new Float64Array(taps * channels);
        (await readMatrix(parts)).forEach((part, at) => {
          totals[at % totals.length] = (totals[at % totals.length] ?? 0) + part;
        });
        const reference = depthwiseWeightGradientReference({
          ...oracle,
          channels: some.length,
          gradient: (image, u, v, c) => oracle.gradient(image, u, v, some[c] ?? -1),
          x: (image, y, x, c) => oracle.x(image, y, x, some[c] ?? -1),
        });
        const found = elementsAt(totals, channels, spread(taps, taps), some);
        requireWithin(found, reference, 'weight gradient');
      },
    };
  },
};

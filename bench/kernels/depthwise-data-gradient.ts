import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareDepthwiseDataGradient } from '../../src/kernels/depthwise-data-gradient.js';
import { depthwiseDataGradientReference } from '../../src/reference/depthwise-data-gradient.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import { DEPTHWISE_BENCH, type DepthwiseShape, depthwiseMaps } from '../depthwise.js';
import type { KernelBench } from '../kernel.js';
import { squareMap } from '../maps.js';

export const depthwiseDataGradientBench: KernelBench<DepthwiseShape> = {
  name: 'depthwise-data-gradient',
  ...DEPTHWISE_BENCH,
  prepare: async ({ device, scope, shape }) => {
    const { window, gradient, weights, oracle, weight, some } = depthwiseMaps(scope, shape);
    const into = squareMap(scope, 'input gradient', shape);
    const run = await prepareDepthwiseDataGradient(device, { ...window, gradient, weights, into });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const found = await readMatrix(into.matrix);
        requireWritten(found, 'input gradient');
        // The first image, all of its positions.
        const reference = depthwiseDataGradientReference({
          ...oracle,
          images: 1,
          channels: some.length,
          gradient: (image, u, v, c) => oracle.gradient(image, u, v, some[c] ?? -1),
          weight: (c, ky, kx) => weight(some[c] ?? -1, ky, kx),
        });
        const rows = spread(shape.size ** 2, shape.size ** 2);
        const values = elementsAt(found, shape.channels, rows, some);
        requireWithin(values, reference, 'input gradient');
      },
    };
  },
};

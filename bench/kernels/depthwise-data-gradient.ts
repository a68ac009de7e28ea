import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareDepthwiseDataGradient } from '../../src/kernels/depthwise-data-gradient.js';
import { depthwiseDataGradientReference } from '../../src/reference/depthwise-data-gradient.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import {
  DEPTHWISE_SHAPES,
  type DepthwiseShape,
  depthwiseBytes,
  depthwiseMaps,
  depthwiseOperations,
  LARGE_DEPTHWISE_SHAPES,
} from '../depthwise.js';
import type { KernelBench } from '../kernel.js';
import { squareMap } from '../maps.js';

export const depthwiseDataGradientBench: KernelBench<DepthwiseShape> = {
  name: 'depthwise-data-gradient',
  shapes: DEPTHWISE_SHAPES,
  hardwareShapes: LARGE_DEPTHWISE_SHAPES,
  operations: depthwiseOperations,
  bytes: depthwiseBytes,
  prepare: async ({ device, scope, shape }) => {
    const { window, gradient, weights, oracle, weight, some } = depthwiseMaps(scope, shape);
    const into = squareMap(scope, 'input gradient', shape);
    const run = await prepareDepthwiseDataGradient(device, { ...window, gradient, weights, into });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const found = await readMatrix(into.matrix);
        requireWritten('input gradient', found);
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
        requireWithin('input gradient', values, reference);
      },
    };
  },
};

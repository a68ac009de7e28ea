import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareDepthwise } from '../../src/kernels/depthwise.js';
import type { OutputPlace } from '../../src/reference/convolution.js';
import { depthwiseReference } from '../../src/reference/depthwise.js';
import { requireWithin, requireWritten } from '../check.js';
import { DEPTHWISE_BENCH, type DepthwiseShape, depthwiseMaps } from '../depthwise.js';
import type { KernelBench } from '../kernel.js';

export const depthwiseBench: KernelBench<DepthwiseShape> = {
  name: 'depthwise',
  ...DEPTHWISE_BENCH,
  prepare: async ({ device, scope, shape }) => {
    const { window, input, output, weights, oracle, weight, some } = depthwiseMaps(scope, shape);
    const activation = 'relu6';
    const run = await prepareDepthwise(device, { ...window, input, weights, activation, output });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const found = await readMatrix(output.matrix);
        requireWritten(found);
        const { height, width } = output;
        // The last image, all of its positions.
        const image = shape.images - 1;
        const places = Array.from({ length: height * width }, (_, at) =>
          some.map((c): OutputPlace => [image, Math.floor(at / width), at % width, c]),
        ).flat();
        const values = places.map(
          ([, u, v, c]) => found[((image * height + u) * width + v) * shape.channels + c] ?? 0,
        );
        const problem = {
          ...oracle,
          activation,
          weight: (c: number, _: number, ky: number, kx: number) => weight(c, ky, kx),
        } as const;
        requireWithin(values, depthwiseReference(problem, places));
      },
    };
  },
};

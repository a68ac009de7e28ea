import { readMatrix, rowStride } from '../../src/gpu/matrix.js';
import { prepareTransposeWeights } from '../../src/kernels/transpose-weights.js';
import { transposeWeightsReference } from '../../src/reference/transpose-weights.js';
import { requireSame } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type TransposeWeightsShape = {
  readonly taps: number;
  readonly channels: number;
  readonly outputs: number;
};

export const transposeWeightsBench: KernelBench<TransposeWeightsShape> = {
  name: 'transpose-weights',
  shapes: [
    { taps: 9, channels: 64, outputs: 64 },
    { taps: 9, channels: 13, outputs: 7 },
  ],
  hardwareShapes: [{ taps: 9, channels: 512, outputs: 512 }],
  operations: () => 0,
  bytes: ({ taps, channels, outputs }) => 8 * taps * channels * outputs,
  prepare: async ({ device, scope, shape }) => {
    const { taps, channels, outputs } = shape;
    const [channelRows, outputRows] = [rowStride(channels), rowStride(outputs)];
    const weights = randomNumbers(taps * channelRows * outputs, 1);
    const out = scope.matrix('transposed weights', [taps * outputRows, channels]);
    const run = await prepareTransposeWeights(device, {
      weights: scope.matrix('weights', [taps * channelRows, outputs], { data: weights }),
      out,
      taps,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () =>
        requireSame(
          await readMatrix(out),
          transposeWeightsReference(weights, { ...shape, channelRows, outputRows, groups: 1 }),
          'transposed weights',
        ),
    };
  },
};

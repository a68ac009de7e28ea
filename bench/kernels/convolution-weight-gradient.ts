import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import {
  prepareConvolutionWeightGradient,
  weightGradientSlices,
} from '../../src/kernels/convolution-weight-gradient.js';
import { packedRows, unpackFilter } from '../../src/kernels/pack-weights.js';
import {
  type WeightPlace,
  weightGradientReference,
} from '../../src/reference/convolution-weight-gradient.js';
import { requireWithin, requireWritten, spread } from '../check.js';
import {
  CONVOLUTION_BENCH,
  type ConvolutionShape,
  convolutionOperands,
  convolutionRivalry,
  convolutionSizes,
  oracleSizes,
  weightElements,
} from '../convolution-shape.js';
import type { KernelBench } from '../kernel.js';
import { imageMap, mapElements } from '../maps.js';
import { nans } from '../numbers.js';

export const convolutionWeightGradientBench: KernelBench<ConvolutionShape> = {
  name: 'convolution-weight-gradient',
  ...CONVOLUTION_BENCH,
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, input, output, filter } = convolutionSizes(shape);
    const { outputs } = shape;
    const operands = convolutionOperands(shape);
    const rows = packedRows(filter);
    const weightGradient = scope.matrix('gradient', [rows, outputs], {
      data: nans(rows * outputs),
    });
    const sums = {
      ...window,
      input: imageMap(scope, 'input', input, operands.input),
      outputGradient: imageMap(scope, 'gradient of the output', output, operands.gradient),
      weightGradient,
      variant: variant as MatmulVariant,
    };
    const run = await prepareConvolutionWeightGradient(device, {
      ...sums,
      parts: scope.matrix('parts', [weightGradientSlices(device, sums) * rows, outputs]),
    });
    return {
      encode: (commands) => run(commands),
      verify: async () =>
        requireWeightGradient(shape, unpackFilter(await readMatrix(weightGradient), filter)),
    };
  },
  rival: convolutionRivalry('convolutionWeightGradient', requireWeightGradient),
};

/** @throws when a number of it, as PyTorch shapes it, is missing, or one of a sample is wrong. */
function requireWeightGradient(shape: ConvolutionShape, result: Float32Array): void {
  const { filter } = convolutionSizes(shape);
  const sizes = oracleSizes(shape);
  const { input, gradient } = convolutionOperands(shape);
  requireWritten(result, 'gradient');
  const places = spread(filter.kernel[0], 3).flatMap((ky) =>
    spread(filter.kernel[1], 3).flatMap((kx) =>
      spread(filter.channels, 3).flatMap((c) =>
        spread(filter.outputs, 3).map((o): WeightPlace => [ky, kx, c, o]),
      ),
    ),
  );
  const found = weightElements(result, shape);
  const reference = weightGradientReference(
    {
      ...sizes,
      images: shape.images,
      x: mapElements(input, sizes.input),
      gradient: mapElements(gradient, sizes.output),
    },
    places,
  );
  requireWithin(
    Float64Array.from(places, ([ky, kx, c, o]) => found(o, c, ky, kx)),
    reference,
    'gradient',
  );
}

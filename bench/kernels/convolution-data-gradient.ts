import { MATMUL_VARIANTS, type MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareConvolutionDataGradient } from '../../src/kernels/convolution-data-gradient.js';
import { packedRows } from '../../src/kernels/pack-weights.js';
import { prepareTransposeWeights } from '../../src/kernels/transpose-weights.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { dataGradientReference } from '../../src/reference/convolution-data-gradient.js';
import { requireWithin, requireWritten } from '../check.js';
import {
  CONVOLUTION_SHAPES,
  type ConvolutionShape,
  convolutionBytes,
  convolutionOperands,
  convolutionOperations,
  convolutionRivalry,
  convolutionSizes,
  imageMap,
  LARGE_CONVOLUTION_SHAPES,
  mapElements,
  oracleSizes,
  samplePlaces,
  weightElements,
  weightsOn,
} from '../convolution-shape.js';
import type { KernelBench } from '../kernel.js';

export const convolutionDataGradientBench: KernelBench<ConvolutionShape> = {
  name: 'convolution-data-gradient',
  shapes: CONVOLUTION_SHAPES,
  hardwareShapes: LARGE_CONVOLUTION_SHAPES,
  variants: MATMUL_VARIANTS,
  preferred: matmulVariant,
  operations: convolutionOperations,
  bytes: convolutionBytes,
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, input, output, filter } = convolutionSizes(shape);
    const { images, channels, outputs } = shape;
    const operands = convolutionOperands(shape);
    const inputGradient = imageMap(scope, 'gradient of the input', { ...input, images });
    const turned = packedRows({ ...filter, channels: outputs });
    const weights = scope.matrix('transposed weights', [turned, channels]);
    const transpose = await prepareTransposeWeights(device, {
      weights: weightsOn(scope, shape, operands.weight),
      out: weights,
      taps: filter.kernel[0] * filter.kernel[1],
    });
    const commands = new Commands(device);
    transpose(commands);
    await commands.finish();
    const run = await prepareConvolutionDataGradient(device, {
      ...window,
      outputGradient: imageMap(
        scope,
        'gradient of the output',
        { ...output, images },
        operands.gradient,
      ),
      weights,
      inputGradient,
      variant: variant as MatmulVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => requireDataGradient(shape, await readMatrix(inputGradient.matrix)),
    };
  },
  rival: convolutionRivalry('convolutionDataGradient', requireDataGradient),
};

/** @throws when a value is missing, or one of a sample outside its oracle's bound. */
function requireDataGradient(shape: ConvolutionShape, result: Float32Array): void {
  const problem = oracleSizes(shape);
  const { gradient, weight } = convolutionOperands(shape);
  requireWritten('gradient of the input', result);
  const places = samplePlaces(shape.images, problem.input);
  const reference = dataGradientReference(
    {
      ...problem,
      gradient: mapElements(gradient, problem.output),
      weight: weightElements(weight, shape),
    },
    places,
  );
  const found = mapElements(result, problem.input);
  requireWithin(
    'gradient of the input',
    Float64Array.from(places, (place) => found(...place)),
    reference,
  );
}

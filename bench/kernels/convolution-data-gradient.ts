import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareConvolutionDataGradient } from '../../src/kernels/convolution-data-gradient.js';
import { packedRows } from '../../src/kernels/pack-weights.js';
import { prepareTransposeWeights } from '../../src/kernels/transpose-weights.js';
import { dataGradientReference } from '../../src/reference/convolution-data-gradient.js';
import {
  CONVOLUTION_BENCH,
  type ConvolutionShape,
  convolutionOperands,
  convolutionRivalry,
  convolutionSizes,
  oracleSizes,
  requireMap,
  weightElements,
  weightsOn,
} from '../convolution-shape.js';
import type { KernelBench } from '../kernel.js';
import { imageMap, mapElements } from '../maps.js';

export const convolutionDataGradientBench: KernelBench<ConvolutionShape> = {
  name: 'convolution-data-gradient',
  ...CONVOLUTION_BENCH,
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, input, output, filter } = convolutionSizes(shape);
    const { channels, outputs } = shape;
    const operands = convolutionOperands(shape);
    const inputGradient = imageMap(scope, 'gradient of the input', input);
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
      outputGradient: imageMap(scope, 'gradient of the output', output, operands.gradient),
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

function requireDataGradient(shape: ConvolutionShape, result: Float32Array): void {
  const sizes = oracleSizes(shape);
  const { gradient, weight } = convolutionOperands(shape);
  const problem = {
    ...sizes,
    gradient: mapElements(gradient, sizes.output),
    weight: weightElements(weight, shape),
  };
  requireMap(result, sizes.input, (places) => dataGradientReference(problem, places));
}

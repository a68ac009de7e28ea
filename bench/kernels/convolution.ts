import { MATMUL_VARIANTS, type MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareConvolution } from '../../src/kernels/convolution.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { convolutionReference } from '../../src/reference/convolution.js';
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

export const convolutionBench: KernelBench<ConvolutionShape> = {
  name: 'convolution',
  shapes: CONVOLUTION_SHAPES,
  hardwareShapes: LARGE_CONVOLUTION_SHAPES,
  variants: MATMUL_VARIANTS,
  preferred: matmulVariant,
  operations: convolutionOperations,
  bytes: convolutionBytes,
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, input, output } = convolutionSizes(shape);
    const { images } = shape;
    const operands = convolutionOperands(shape);
    const out = imageMap(scope, 'output', { ...output, images });
    const run = await prepareConvolution(device, {
      ...window,
      input: imageMap(scope, 'input', { ...input, images }, operands.input),
      weights: weightsOn(scope, shape, operands.weight),
      output: out,
      variant: variant as MatmulVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => requireConvolution(shape, await readMatrix(out.matrix)),
    };
  },
  rival: convolutionRivalry('convolution', requireConvolution),
};

/** @throws when a value is missing, or one of a sample outside its oracle's bound. */
function requireConvolution(shape: ConvolutionShape, result: Float32Array): void {
  const problem = oracleSizes(shape);
  const { input, weight } = convolutionOperands(shape);
  requireWritten('output', result);
  const places = samplePlaces(shape.images, problem.output);
  const reference = convolutionReference(
    {
      ...problem,
      x: mapElements(input, problem.input),
      weight: weightElements(weight, shape),
      activation: 'none',
    },
    places,
  );
  const found = mapElements(result, problem.output);
  requireWithin(
    'output',
    Float64Array.from(places, (place) => found(...place)),
    reference,
  );
}

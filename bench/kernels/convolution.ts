import type { MatmulVariant } from '../../shaders/matmul.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareConvolution } from '../../src/kernels/convolution.js';
import { convolutionReference } from '../../src/reference/convolution.js';
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

export const convolutionBench: KernelBench<ConvolutionShape> = {
  name: 'convolution',
  ...CONVOLUTION_BENCH,
  prepare: async ({ device, scope, shape, variant }) => {
    const { window, input, output } = convolutionSizes(shape);
    const operands = convolutionOperands(shape);
    const out = imageMap(scope, 'output', output);
    const run = await prepareConvolution(device, {
      ...window,
      input: imageMap(scope, 'input', input, operands.input),
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

function requireConvolution(shape: ConvolutionShape, result: Float32Array): void {
  const sizes = oracleSizes(shape);
  const { input, weight } = convolutionOperands(shape);
  const problem = {
    ...sizes,
    x: mapElements(input, sizes.input),
    weight: weightElements(weight, shape),
    activation: 'none',
  } as const;
  requireMap(result, sizes.output, (places) => convolutionReference(problem, places));
}

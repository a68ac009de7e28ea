import type { Convolution } from '../graph/graph.js';
import { prepareConvolution } from '../kernels/convolution.js';
import type { Layer, LayerContext } from './layer.js';
import { parametersNamed } from './parameters.js';
import type { Step } from './steps.js';

/** A convolution, or a linear layer as one, with bias, residual and activation in the same kernel. */
export async function convolutionLayer(
  context: LayerContext,
  { node, inputs, residual, activation, output }: Step<Convolution>,
): Promise<Layer> {
  const { device, parameters, map } = context;
  const { kernel, stride, padding, groups } = node;
  const forward = await prepareConvolution(device, {
    input: map(inputs[0] as string),
    output: map(output),
    weights: parametersNamed(parameters, node.weight).value,
    bias: node.bias === undefined ? undefined : parametersNamed(parameters, node.bias).value,
    kernel,
    stride,
    padding,
    groups,
    residual: residual === undefined ? undefined : map(residual),
    ...(activation && { activation }),
  });
  return { forward: (commands, images) => forward(commands, { images }) };
}

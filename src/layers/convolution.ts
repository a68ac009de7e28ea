import { rowStride } from '../gpu/matrix.js';
import type { Convolution } from '../graph/graph.js';
import { prepareColumnSums } from '../kernels/column-sums.js';
import { prepareConvolution } from '../kernels/convolution.js';
import { prepareConvolutionDataGradient } from '../kernels/convolution-data-gradient.js';
import {
  prepareConvolutionWeightGradient,
  weightGradientSlices,
} from '../kernels/convolution-weight-gradient.js';
import { sumsWalk } from '../kernels/row-walk.js';
import { prepareSumSlices } from '../kernels/sum-slices.js';
import { prepareTransposeWeights } from '../kernels/transpose-weights.js';
import { rowWalkVariant } from '../kernels/variant.js';
import type { Layer, LayerContext } from './layer.js';
import { parametersNamed } from './parameters.js';
import type { Step } from './steps.js';

/** A convolution, or a linear layer as one, with bias, residual and activation in the same kernel. */
export async function convolutionLayer(
  context: LayerContext,
  step: Step<Convolution>,
): Promise<Layer> {
  const { device, parameters, map } = context;
  const { node, inputs, residual, activation, output } = step;
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
  const backward = context.gradients && (await convolutionBackward(context, step));
  return {
    forward: (commands, images) => forward(commands, { images }),
    ...(backward && { backward }),
  };
}

/** In training a convolution stands alone: its output's gradient is that of its sums. */
async function convolutionBackward(
  context: LayerContext,
  step: Step<Convolution>,
): Promise<NonNullable<Layer['backward']>> {
  const parts = await Promise.all([
    weightGradient(context, step),
    biasGradient(context, step),
    dataGradient(context, step),
  ]);
  return (commands, images) => {
    for (const part of parts) part?.(commands, images);
  };
}

/** One part of a layer's way back, where there is something to do. */
export type Part = Layer['backward'];

async function weightGradient(
  { device, scope, parameters, map, gradients }: LayerContext,
  { node, inputs, output }: Step<Convolution>,
): Promise<Part> {
  const into = parametersNamed(parameters, node.weight).gradient;
  if (!into || !gradients) return undefined;
  const { kernel, stride, padding, groups } = node;
  const gradient = {
    input: map(inputs[0] as string),
    outputGradient: gradients.from(output),
    weightGradient: into,
    kernel,
    stride,
    padding,
    groups,
  };
  const rows = weightGradientSlices(device, gradient) * into.rows;
  const parts = scope.matrix(`gradient parts of ${node.weight}`, [rows, into.columns]);
  const run = await prepareConvolutionWeightGradient(device, { ...gradient, parts });
  return (commands, images) => run(commands, { images });
}

/** The sum of the output's gradient over all positions. */
export async function biasGradient(
  { device, scope, parameters, gradients }: LayerContext,
  { node, output }: Step<Convolution>,
): Promise<Part> {
  if (node.bias === undefined || !gradients) return undefined;
  const sum = parametersNamed(parameters, node.bias).gradient;
  if (!sum) return undefined;
  const input = gradients.from(output);
  const variant = rowWalkVariant(device);
  const { slices: most } = sumsWalk(input, variant);
  const sums = scope.matrix(`gradient sums of ${node.bias}`, [most, sum.columns]);
  const sumUp = await prepareColumnSums(device, { input, sums });
  const add = await prepareSumSlices(device, { parts: sums, sum });
  return (commands, images) => {
    sumUp(commands, { images });
    add(commands, { slices: sumsWalk(input, variant, images).slices });
  };
}

async function dataGradient(
  { device, scope, parameters, gradients, shapes }: LayerContext,
  { node, inputs, output }: Step<Convolution>,
): Promise<Part> {
  const source = inputs[0] as string;
  const into = gradients?.into(output, source);
  if (!into || !gradients) return undefined;
  const { kernel, stride, padding, groups } = node;
  const channels = shapes.get(source)?.channels ?? 0;
  const taps = kernel[0] * kernel[1];
  const turned = scope.matrix(`${node.weight}, turned`, [
    taps * rowStride(node.outputs / groups),
    channels,
  ]);
  const weights = parametersNamed(parameters, node.weight).value;
  const turn = await prepareTransposeWeights(device, { weights, out: turned, taps, groups });
  const run = await prepareConvolutionDataGradient(device, {
    outputGradient: gradients.from(output),
    weights: turned,
    inputGradient: into.map,
    kernel,
    stride,
    padding,
    groups,
    accumulate: into.accumulate,
  });
  return (commands, images) => {
    turn(commands);
    run(commands, { images });
  };
}

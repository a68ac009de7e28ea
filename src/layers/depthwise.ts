import type { Convolution } from '../graph/graph.js';
import { prepareDepthwise } from '../kernels/depthwise.js';
import { prepareDepthwiseDataGradient } from '../kernels/depthwise-data-gradient.js';
import {
  depthwiseWalk,
  prepareDepthwiseWeightGradient,
} from '../kernels/depthwise-weight-gradient.js';
import { prepareSumSlices } from '../kernels/sum-slices.js';
import { rowWalkVariant } from '../kernels/variant.js';
import { biasGradient, type Part } from './convolution.js';
import type { Layer, LayerContext } from './layer.js';
import { parametersNamed } from './parameters.js';
import type { Step } from './steps.js';

/** A convolution of which each channel has a filter of its own, with bias and activation in one kernel. */
export async function depthwiseLayer(
  context: LayerContext,
  step: Step<Convolution>,
): Promise<Layer> {
  const { device, parameters, map } = context;
  const { node, inputs, activation, output } = step;
  const { kernel, stride, padding } = node;
  const forward = await prepareDepthwise(device, {
    input: map(inputs[0] as string),
    output: map(output),
    weights: parametersNamed(parameters, node.weight).value,
    bias: node.bias === undefined ? undefined : parametersNamed(parameters, node.bias).value,
    kernel,
    stride,
    padding,
    ...(activation && { activation }),
  });
  if (!context.gradients) return { forward: (commands, images) => forward(commands, { images }) };

  const parts = await Promise.all([
    weightGradient(context, step),
    biasGradient(context, step),
    dataGradient(context, step),
  ]);
  return {
    forward: (commands, images) => forward(commands, { images }),
    backward: (commands, images) => {
      for (const part of parts) part?.(commands, images);
    },
  };
}

async function weightGradient(
  { device, scope, parameters, map, gradients }: LayerContext,
  { node, inputs, output }: Step<Convolution>,
): Promise<Part> {
  const sum = parametersNamed(parameters, node.weight).gradient;
  if (!sum || !gradients) return undefined;
  const { kernel, stride, padding } = node;
  const window = { kernel, stride, padding };
  const maps = { input: map(inputs[0] as string), gradient: gradients.from(output) };
  const variant = rowWalkVariant(device);
  const { slices: most } = depthwiseWalk(window, maps, variant);
  const parts = scope.matrix(`gradient parts of ${node.weight}`, [most * sum.rows, sum.columns]);
  const run = await prepareDepthwiseWeightGradient(device, { ...window, ...maps, parts });
  const add = await prepareSumSlices(device, { parts, sum });
  return (commands, images) => {
    run(commands, { images });
    add(commands, { slices: depthwiseWalk(window, maps, variant, images).slices });
  };
}

async function dataGradient(
  { device, parameters, gradients }: LayerContext,
  { node, inputs, output }: Step<Convolution>,
): Promise<Part> {
  const into = gradients?.into(output, inputs[0] as string);
  if (!into || !gradients) return undefined;
  const { kernel, stride, padding } = node;
  const run = await prepareDepthwiseDataGradient(device, {
    gradient: gradients.from(output),
    weights: parametersNamed(parameters, node.weight).value,
    into: into.map,
    accumulate: into.accumulate,
    kernel,
    stride,
    padding,
  });
  return (commands, images) => run(commands, { images });
}

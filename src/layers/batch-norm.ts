import type { BatchNorm } from '../graph/graph.js';
import { prepareActivateGradient } from '../kernels/activate-gradient.js';
import { prepareBatchNorm } from '../kernels/batch-norm.js';
import { prepareBatchNormGradient } from '../kernels/batch-norm-gradient.js';
import { prepareBatchNormGradientSums } from '../kernels/batch-norm-gradient-sums.js';
import { prepareBatchNormStatistics } from '../kernels/batch-norm-statistics.js';
import { momentRows, prepareChannelMoments } from '../kernels/channel-moments.js';
import { sumsWalk } from '../kernels/row-walk.js';
import { prepareSumSlices } from '../kernels/sum-slices.js';
import { rowWalkVariant } from '../kernels/variant.js';
import type { Layer, LayerContext } from './layer.js';
import { parametersNamed } from './parameters.js';
import type { Step } from './steps.js';

/**
 * A batch norm with residual and activation in the same kernel. Its mean and variance are those that
 * were noted in training where the network only answers, and those of the minibatch in training.
 */
export async function batchNormLayer(context: LayerContext, step: Step<BatchNorm>): Promise<Layer> {
  const { device, scope, parameters, map, gradients } = context;
  const { node, inputs, residual, activation, output } = step;
  const input = map(inputs[0] as string);
  const affine = parametersNamed(parameters, node.weight);
  const running = parametersNamed(parameters, node.mean).value;
  const channels = input.matrix.columns;
  const statistics = gradients
    ? scope.matrix(`statistics of ${node.name}`, [2, channels])
    : running;
  const norm = {
    input,
    statistics,
    affine: affine.value,
    epsilon: node.epsilon,
    ...(activation && { activation }),
  };
  const normalise = await prepareBatchNorm(device, {
    ...norm,
    output: map(output),
    residual: residual === undefined ? undefined : map(residual),
  });
  if (!gradients) return { forward: (commands, images) => normalise(commands, { images }) };

  const variant = rowWalkVariant(device);
  const moments = scope.matrix('moments', [momentRows(input, variant), channels]);
  const sum = await prepareChannelMoments(device, { input, moments });
  const note = await prepareBatchNormStatistics(device, { input, moments, statistics, running });
  return {
    forward: (commands, images) => {
      sum(commands, { images });
      note(commands, { images });
      normalise(commands, { images });
    },
    backward: await batchNormBackward(context, step, norm),
  };
}

type Norm = Omit<
  Parameters<typeof prepareBatchNormGradientSums>[1],
  'gradient' | 'sums' | 'output'
>;

async function batchNormBackward(
  { device, scope, parameters, map, gradients }: LayerContext,
  { node, inputs, residual, activation, output }: Step<BatchNorm>,
  norm: Norm,
): Promise<NonNullable<Layer['backward']>> {
  const into = gradients?.into(output, inputs[0] as string);
  const affineGradient = parametersNamed(parameters, node.weight).gradient;
  if (!gradients || !affineGradient || !into || into.accumulate) {
    throw new RangeError(`The batch norm "${node.name}" must be the last reader of its input.`);
  }
  const { input } = norm;
  const channels = input.matrix.columns;
  const gradient = gradients.from(output);
  const slices = sumsWalk(input, rowWalkVariant(device)).slices;
  const sums = scope.matrix(`gradient sums of ${node.name}`, [2 * slices, channels]);
  const behindSum = residual !== undefined && activation !== undefined;
  const sumUp = await prepareBatchNormGradientSums(device, {
    ...norm,
    gradient,
    sums,
    ...(behindSum && { output: map(output) }),
  });
  const add = await prepareSumSlices(device, { parts: sums, sum: affineGradient });
  const { activation: bent, ...unbent } = norm;
  const apply = await prepareBatchNormGradient(device, {
    ...unbent,
    // The sums have left the gradient of what was added up where there is a residual.
    ...(bent && !behindSum && { activation: bent }),
    gradient,
    affineGradient,
    into: into.map,
  });
  const beside = residual === undefined ? undefined : gradients.into(output, residual);
  const pass =
    beside &&
    (await prepareActivateGradient(device, {
      gradient,
      into: beside.map,
      accumulate: beside.accumulate,
    }));
  return (commands, images) => {
    sumUp(commands, { images });
    add(commands, { slices: sumsWalk(input, rowWalkVariant(device), images).slices });
    apply(commands, { images });
    pass?.(commands, { images });
  };
}

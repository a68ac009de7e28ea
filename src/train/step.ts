import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { largestBinding } from '../gpu/limits.js';
import { readMatrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { prepareMomentumUpdate } from '../kernels/momentum-update.js';
import { gradientSlices, prepareOutputGradient } from '../kernels/output-gradient.js';
import { prepareOutputLayer } from '../kernels/output-layer.js';
import type { Dataset } from '../models/dataset.js';
import type { TwoLayerNetwork } from '../models/two-layer.js';
import { prepareHiddenUpdate } from './hidden-update.js';
import { minibatchLoss } from './minibatch-loss.js';
import { minibatchSize, prepareMinibatches } from './minibatches.js';
import type { StepContext, TrainingOptions } from './options.js';

/** Chunks are multiples of this, so that a step in chunks leaves no more slices than it must. */
const WHOLE_SLICES = 128;

/** Examples whose activations fit one binding. */
export function largestChunk(device: Device, width: number): number {
  const fitting = Math.floor(largestBinding(device) / (width * 4 + 12));
  const rest = fitting < WHOLE_SLICES ? 0 : fitting % WHOLE_SLICES;
  return Math.max(1, fitting - rest);
}

/** How a step cuts its examples so that their activations fit one binding. */
export function rowsOfStep(network: TwoLayerNetwork, dataset: Dataset, { batch }: TrainingOptions) {
  const examples = minibatchSize(dataset, { batch }) ?? dataset.count;
  const rows = Math.min(examples, largestChunk(network.device, network.output.rows));
  return { examples, rows, chunks: Math.ceil(examples / rows) };
}

/**
 * Allocates and compiles what the steps up to iteration `until` need besides the network. A step is
 * five dispatches: hidden activations (rows gathered by index), residual, the output layer's
 * backward pass, its update, and the hidden layer's gradient with its update fused; six where that
 * gradient is summed in slices.
 */
export async function prepareStep(
  training: StepContext,
  until: number,
  scope: Scope,
  signal?: AbortSignal,
) {
  const { network, dataset, options, velocity } = training;
  const { device, hidden, output, width, outputs, activation } = network;
  const { examples, rows, chunks } = rowsOfStep(network, dataset, options);
  const extent = { rows, width };
  const slices = gradientSlices(device, extent);
  const { indices, nextMinibatch } = await prepareMinibatches(training, until, scope, signal);
  const activations = scope.matrix('minibatch activations', [rows, width]);
  const residual = scope.matrix('minibatch residual', [rows, outputs]);
  const gradient: GpuBuffer = scope.buffer('output gradient', chunks * slices * width * outputs);

  const forward = await prepareMatmul(device, {
    a: dataset.inputs,
    b: hidden,
    out: activations,
    indices,
    epilogue: { kind: 'activation', activation },
  });
  const subtract = await prepareOutputLayer(device, {
    activations,
    weights: output,
    targets: dataset.targets,
    out: residual,
    indices,
    epilogue: options.loss === 'cross-entropy' ? 'softmax-subtract-targets' : 'subtract-targets',
  });
  const backward = await prepareOutputGradient(device, {
    activations,
    residual,
    weights: output,
    gradient,
    activation,
  });
  const updateOutput = await prepareMomentumUpdate(device, {
    gradient,
    velocity: velocity.output,
    parameters: output,
  });
  const updateHidden = await prepareHiddenUpdate(
    device,
    {
      inputs: dataset.inputs,
      indices,
      incoming: activations,
      hidden,
      velocity: velocity.hidden,
      slices: options.slices,
    },
    scope,
  );

  const { learningRate, momentum } = options;
  let lastRows = rows;

  const encode = (commands: Commands): void => {
    const start = nextMinibatch(commands);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const offset = chunk * rows;
      const m = Math.min(rows, examples - offset);
      const first = start + offset;
      const last = chunk === chunks - 1;
      forward(commands, { m, first });
      subtract(commands, { m, first });
      backward(commands, { m, firstSlice: chunk * slices });
      updateHidden(commands, {
        m,
        first,
        scale: 1 / examples,
        // The first chunk lets the velocity decay, the others add to it, the last one steps.
        decay: chunk === 0 ? momentum : 1,
        rate: last ? learningRate : 0,
      });
      lastRows = m;
    }
    updateOutput(commands, {
      slices: (chunks - 1) * slices + gradientSlices(device, extent, lastRows),
      scale: 1 / examples,
      decay: momentum,
      rate: learningRate,
    });
  };

  /** Loss of the last chunk of the last step. */
  const readLoss = async (): Promise<number> => {
    const errors = (await readMatrix(residual)).subarray(0, lastRows * outputs);
    return minibatchLoss(options.loss, errors, outputs) / lastRows;
  };

  return { encode, readLoss };
}

import type { Batch } from '../gpu/batch.js';
import { type GpuBuffer, upload } from '../gpu/buffer.js';
import { largestBinding } from '../gpu/limits.js';
import { type Matrix, readMatrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { prepareMomentumUpdate } from '../kernels/momentum-update.js';
import { gradientSlices, prepareOutputGradient } from '../kernels/output-gradient.js';
import { prepareResidual } from '../kernels/residual.js';
import type { Dataset } from '../models/dataset.js';
import type { Network } from '../models/two-layer.js';
import type { RandomStream } from '../random.js';
import { prepareHiddenUpdate } from './hidden-update.js';

export interface TrainingOptions {
  /**
   * Examples of a step, drawn uniformly with replacement; 'full', or as many as there are or more:
   * all of them, in order, which is gradient descent.
   */
  readonly batch: number | 'full';
  /** η, in mean-field units: a step moves θ_i by η N ∂L/∂θ_i. */
  readonly learningRate: number;
  /** μ in [0, 1). */
  readonly momentum: number;
  /** Squared by default; the cross-entropy is of the softmax of the outputs. */
  readonly loss?: LossKind;
  /**
   * Slices of a step's examples over which the hidden layer's gradient is summed apart; as many as
   * suit the adapter by default. Another number is another order of the sum, so other last bits.
   */
  readonly slices?: number;
  readonly seed: number;
  /** Names the random stream of the batches, so that two trainings of one seed differ. */
  readonly purpose?: string;
  /** The flag that sets η, for the advice when the training diverges. */
  readonly rateFlag?: '--learning-rate' | '--fine-tune-learning-rate';
}

/** What the steps of one training share. */
export interface StepContext {
  readonly network: Network;
  readonly dataset: Dataset;
  readonly options: TrainingOptions;
  /** Accumulated steps of A and B; A's only when something has to accumulate. */
  readonly velocity: { readonly hidden: Matrix | undefined; readonly output: Matrix };
  readonly batches: RandomStream;
  /** Steps done. */
  readonly iteration: number;
}

/** Batch indices uploaded at once. */
const INDEX_BLOCK = 2 ** 16;

/** Examples that a step draws; none when it takes all of them. */
export function drawnBatch(
  { count }: Dataset,
  { batch }: Pick<TrainingOptions, 'batch'>,
): number | undefined {
  return batch === 'full' || batch >= count ? undefined : batch;
}

/** How a step cuts its examples so that their activations fit one binding. */
export function rowsOfStep(network: Network, dataset: Dataset, { batch }: TrainingOptions) {
  const examples = drawnBatch(dataset, { batch }) ?? dataset.count;
  const fitting = Math.floor(largestBinding(network.device) / (network.output.rows * 4 + 12));
  const rows = Math.min(examples, Math.max(1, fitting));
  return { examples, rows, chunks: Math.ceil(examples / rows) };
}

/**
 * Allocates and compiles what the steps up to iteration `until` need besides the network. A step is
 * five dispatches: hidden activations (rows gathered by index), residual, the output layer's
 * backward pass, its update, and the hidden layer's gradient with its update fused; six where that
 * gradient is summed in slices.
 */
export async function prepareStep(training: StepContext, until: number, scope: Scope) {
  const { network, dataset, options, velocity, batches } = training;
  const { device, hidden, output, width, outputs, activation } = network;
  const { examples, rows, chunks } = rowsOfStep(network, dataset, options);
  const slices = gradientSlices(rows);
  const stepsPerBlock = Math.max(1, Math.floor(INDEX_BLOCK / examples));
  const indices =
    drawnBatch(dataset, options) === undefined
      ? undefined
      : new Uint32Array(stepsPerBlock * examples);
  const index = indices && scope.buffer('batch indices', indices.length);
  const activations = scope.matrix('batch activations', rows, width);
  const residual = scope.matrix('batch residual', rows, outputs);
  const gradient: GpuBuffer = scope.buffer('output gradient', chunks * slices * width * outputs);

  const forward = await prepareMatmul(device, {
    a: dataset.inputs,
    b: hidden,
    out: activations,
    rows: index,
    epilogue: { kind: 'activation', activation },
  });
  const subtract = await prepareResidual(device, {
    activations,
    weights: output,
    targets: dataset.targets,
    residual,
    rows: index,
    form: options.loss === 'cross-entropy' ? 'softmax-difference' : 'difference',
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
      rows: index,
      incoming: activations,
      hidden,
      velocity: velocity.hidden,
      slices: options.slices,
    },
    scope,
  );

  const { learningRate, momentum } = options;
  let stepOfBlock = 0;
  let lastRows = rows;

  /** The first entry of this step's indices; draws and uploads a block of them when it is due. */
  const nextBatch = (batch: Batch): number => {
    if (!indices || !index) return 0;
    if (stepOfBlock === 0) {
      // What is encoded still reads the block before: it has to be on its way first.
      batch.submit();
      // No more than will be used, so that the draws do not depend on where checkpoints fall.
      const steps = Math.min(stepsPerBlock, until - training.iteration);
      const drawn = indices.subarray(0, steps * examples);
      for (let i = 0; i < drawn.length; i++) drawn[i] = batches.below(dataset.count);
      upload(index, drawn);
    }
    const first = stepOfBlock * examples;
    stepOfBlock = (stepOfBlock + 1) % stepsPerBlock;
    return first;
  };

  const encode = (batch: Batch): void => {
    const start = nextBatch(batch);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const offset = chunk * rows;
      const m = Math.min(rows, examples - offset);
      const first = start + offset;
      const last = chunk === chunks - 1;
      forward(batch, { m, first });
      subtract(batch, { m, first });
      backward(batch, { m, firstSlice: chunk * slices });
      updateHidden(batch, {
        m,
        first,
        scale: 1 / examples,
        // The first chunk lets the velocity decay, the others add to it, the last one steps.
        decay: chunk === 0 ? momentum : 1,
        rate: last ? learningRate : 0,
      });
      lastRows = m;
    }
    updateOutput(batch, {
      slices: (chunks - 1) * slices + gradientSlices(lastRows),
      scale: 1 / examples,
      decay: momentum,
      rate: learningRate,
    });
  };

  /** Loss of the last chunk of the last step. */
  const readLoss = async (): Promise<number> => {
    const errors = (await readMatrix(residual)).subarray(0, lastRows * outputs);
    const sum =
      options.loss === 'cross-entropy' ? crossEntropy(errors, outputs) : squareOf(errors) / 2;
    return sum / lastRows;
  };

  return { encode, readLoss };
}

function squareOf(errors: Float32Array): number {
  return errors.reduce((sum, error) => sum + error * error, 0);
}

/**
 * Σ −log p of the true classes, from softmax(f) − y: only the true class's entry is negative, and
 * it is p − 1. A p under float32's resolution counts as that, so that the sum stays finite.
 */
function crossEntropy(errors: Float32Array, outputs: number): number {
  let sum = 0;
  for (let first = 0; first < errors.length; first += outputs) {
    const least = errors.subarray(first, first + outputs).reduce((a, b) => Math.min(a, b));
    sum -= Math.log(Math.max(1 + least, 2 ** -24));
  }
  return sum;
}

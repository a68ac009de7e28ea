import { Batch } from '../gpu/batch.js';
import { readFloats } from '../gpu/buffer.js';
import type { ChunkedMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import { lossGroups, prepareLoss } from '../kernels/loss.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { prepareResidual } from '../kernels/residual.js';
import type { Dataset } from './dataset.js';
import type { Network } from './two-layer.js';

/** Examples whose activations an evaluation holds at once. */
const BLOCK_ROWS = 1024;

/** How well a network does on a dataset. */
export interface Evaluation {
  /** 1/(2m) Σ‖f(x_j) − y_j‖², or the mean softmax cross-entropy. */
  readonly loss: number;
  /** Share of the examples classified correctly, in [0, 1]. */
  readonly accuracy: number;
}

/**
 * Computes H = σ(X Aᵀ) [m × N] for all examples, in chunks that the caller's scope owns.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function hiddenActivations(
  network: Network,
  dataset: Dataset,
  scope: Scope,
  signal?: AbortSignal,
): Promise<ChunkedMatrix> {
  const { device, width, hidden, activation } = network;
  const activations = scope.chunkedMatrix('activations', dataset.count, width);
  const batch = new Batch(device);
  for (const chunk of activations.chunks) {
    const matmul = await prepareMatmul(device, {
      a: dataset.inputs,
      b: hidden,
      out: chunk,
      epilogue: { kind: 'activation', activation },
    });
    matmul(batch, { first: chunk.firstRow });
    await batch.breathe(signal);
  }
  await batch.finish();
  return activations;
}

/**
 * Measures loss and accuracy over a whole dataset, a block of examples at a time. Sums of a few
 * hundred examples are taken on the GPU and added up in float64.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function evaluate(
  network: Network,
  dataset: Dataset,
  loss: LossKind = 'squared',
  signal?: AbortSignal,
): Promise<Evaluation> {
  const { device, width, outputs, hidden, output, activation } = network;
  const { count, inputs, targets } = dataset;
  using scope = new Scope(device);
  const rows = Math.min(BLOCK_ROWS, count);
  const activations = scope.matrix('evaluated activations', rows, width);
  const evaluated = scope.matrix('evaluated outputs', rows, outputs);
  const blocks = Math.ceil(count / rows);
  const groups = lossGroups(rows);
  const sums = scope.buffer('loss sums', blocks * groups * 2);
  const forward = await prepareMatmul(device, {
    a: inputs,
    b: hidden,
    out: activations,
    epilogue: { kind: 'activation', activation },
  });
  const mix = await prepareResidual(device, {
    activations,
    weights: output,
    targets,
    residual: evaluated,
    form: 'outputs',
  });
  const reduce = await prepareLoss(device, { outputs: evaluated, targets, sums, loss });
  const batch = new Batch(device);
  for (let block = 0; block < blocks; block++) {
    const first = block * rows;
    const m = Math.min(rows, count - first);
    forward(batch, { m, first });
    mix(batch, { m, first });
    reduce(batch, { m, first, firstGroup: block * groups });
    await batch.breathe(signal);
  }
  await batch.finish();
  const pairs = await readFloats(sums);
  let total = 0;
  let correct = 0;
  for (let pair = 0; pair < pairs.length; pair += 2) {
    total += pairs[pair] ?? 0;
    correct += pairs[pair + 1] ?? 0;
  }
  return { loss: total / (loss === 'squared' ? 2 * count : count), accuracy: correct / count };
}

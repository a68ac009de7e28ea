import { Batch } from '../gpu/batch.js';
import { readFloats } from '../gpu/buffer.js';
import { largestBinding } from '../gpu/limits.js';
import { type ChunkedMatrix, type Matrix, strideOf } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { lossGroups, prepareLoss } from '../kernels/loss.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { prepareResidual } from '../kernels/residual.js';
import type { Dataset } from './dataset.js';
import type { Network } from './two-layer.js';

/** The most and, where there are as many, the least examples that an evaluation takes at once. */
const BLOCK_ROWS = { most: 1024, least: 64 } as const;

/** How well a network does on a dataset. */
export interface Evaluation {
  /** 1/(2m) Σ‖f(x_j) − y_j‖² */
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
 * Measures loss and accuracy over a whole dataset.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function evaluate(
  network: Network,
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const [evaluation] = await evaluateOutputs(network, [network.output], dataset, signal);
  return evaluation as Evaluation;
}

/**
 * Measures networks that share one hidden layer but have output weights of their own [N × C], in a
 * single pass over the dataset, a block of examples at a time: the hidden layer is nearly all of
 * the work. A subnetwork is such a network (see `outputOfSubnetwork`). Sums of a few hundred
 * examples are taken on the GPU and added up in float64.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function evaluateOutputs(
  network: Network,
  outputLayers: readonly Matrix[],
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<readonly Evaluation[]> {
  const { device, width, outputs, hidden, activation } = network;
  const { count, inputs, targets } = dataset;
  using scope = new Scope(device);
  const fitting = Math.floor(largestBinding(device) / (strideOf(width) * 4));
  // Half as many as the inputs: the activations then take half the memory of the network itself.
  const small = Math.max(BLOCK_ROWS.least, Math.floor(inputs.columns / 2));
  const rows = Math.min(BLOCK_ROWS.most, small, fitting, count);
  const activations = scope.matrix('evaluated activations', rows, width);
  const residual = scope.matrix('evaluated residual', rows, outputs);
  const blocks = Math.ceil(count / rows);
  const groups = lossGroups(rows);
  const forward = await prepareMatmul(device, {
    a: inputs,
    b: hidden,
    out: activations,
    epilogue: { kind: 'activation', activation },
  });
  const heads = await Promise.all(
    outputLayers.map(async (weights) => {
      const sums = scope.buffer('loss sums', blocks * groups * 2);
      return {
        sums,
        subtract: await prepareResidual(device, { activations, weights, targets, residual }),
        reduce: await prepareLoss(device, { residual, targets, sums }),
      };
    }),
  );
  const batch = new Batch(device);
  for (let block = 0; block < blocks; block++) {
    const first = block * rows;
    const m = Math.min(rows, count - first);
    forward(batch, { m, first });
    for (const { subtract, reduce } of heads) {
      subtract(batch, { m, first });
      reduce(batch, { m, first, firstGroup: block * groups });
    }
    await batch.breathe(signal);
  }
  await batch.finish();
  const evaluations: Evaluation[] = [];
  for (const { sums } of heads) evaluations.push(evaluationOf(await readFloats(sums), count));
  return evaluations;
}

/** Adds up pairs of (sum of squared residuals, examples classified correctly). */
function evaluationOf(pairs: Float32Array, count: number): Evaluation {
  let squares = 0;
  let correct = 0;
  for (let pair = 0; pair < pairs.length; pair += 2) {
    squares += pairs[pair] ?? 0;
    correct += pairs[pair + 1] ?? 0;
  }
  return { loss: squares / (2 * count), accuracy: correct / count };
}

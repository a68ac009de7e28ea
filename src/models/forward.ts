import { EspalierError } from '../errors.js';
import { readFloats } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import { largestBinding } from '../gpu/limits.js';
import { type ChunkedMatrix, type Matrix, rowStride } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import type { StorageFormat } from '../half.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import { lossGroups, prepareLoss } from '../kernels/loss.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { prepareOutputLayer } from '../kernels/output-layer.js';
import type { Dataset } from './dataset.js';
import type { TwoLayerNetwork } from './two-layer.js';

/**
 * Bounds on the examples that an evaluation takes at once. It takes fewer where there are fewer.
 */
const BLOCK_ROWS = { most: 1024, least: 64 } as const;

/** Most operations of a block with more rows than that: no interruption waits longer than for one. */
const BLOCK_OPERATIONS = 2e10;

/** How well a network does on a dataset. */
export interface Evaluation {
  /** 1/(2m) Σ‖f(x_j) − y_j‖², or the mean softmax cross-entropy. */
  readonly loss: number;
  /** Share of the examples classified correctly, in [0, 1]. */
  readonly accuracy: number;
}

/** @throws bad-data when the dataset has other inputs or targets than the network takes. */
export function requireFit(
  { inputs, outputs }: Pick<TwoLayerNetwork, 'inputs' | 'outputs'>,
  dataset: Dataset,
): void {
  const [d, c] = [dataset.inputs.columns, dataset.targets.columns];
  if (d === inputs && c === outputs) return;
  throw new EspalierError(
    'bad-data',
    `The network takes ${inputs} inputs to ${outputs} outputs, but an example has ${d} inputs and ${c} targets.`,
  );
}

/**
 * Computes H = σ(X Aᵀ) [m × N] for all examples, in chunks that the caller's scope owns.
 *
 * @param storage f16 takes half the memory and rounds each activation to 11 significant bits: by
 *   2⁻¹¹ of its value at most, and by 2⁻²⁴ below 2⁻¹⁴. One from 65520 on becomes NaN.
 * @throws aborted between submits when the signal fires.
 */
export async function hiddenActivations(
  network: TwoLayerNetwork,
  dataset: Dataset,
  scope: Scope,
  {
    storage,
    signal,
  }: { readonly storage?: StorageFormat; readonly signal?: AbortSignal | undefined } = {},
): Promise<ChunkedMatrix> {
  requireFit(network, dataset);
  const { device, width, hidden, activation } = network;
  const { count } = dataset;
  const activations = scope.chunkedMatrix('activations', [count, width], { storage });
  const commands = new Commands(device);
  for (const chunk of activations.chunks) {
    const matmul = await prepareMatmul(device, {
      a: dataset.inputs,
      b: hidden,
      out: chunk,
      epilogue: { kind: 'activation', activation },
    });
    matmul(commands, { first: chunk.firstRow });
    await commands.submitIfFull(signal);
  }
  await commands.finish();
  return activations;
}

/**
 * A chunk of activations that is computed anew whenever it is wanted, for when they do not fit:
 * `load` encodes σ(X Aᵀ) for the examples from `firstRow` on.
 */
export async function streamedActivations(
  network: TwoLayerNetwork,
  dataset: Dataset,
  scope: Scope,
  { rowsPerChunk, storage }: { readonly rowsPerChunk: number; readonly storage?: StorageFormat },
) {
  const { device, width, hidden, activation } = network;
  const rows = Math.min(rowsPerChunk, dataset.count);
  const buffer = scope.matrix('streamed activations', [rows, width], { storage });
  const forward = await prepareMatmul(device, {
    a: dataset.inputs,
    b: hidden,
    out: buffer,
    epilogue: { kind: 'activation', activation },
  });
  return {
    buffer,
    /** Encodes the computation of those examples' activations into the buffer. */
    load: (commands: Commands, chunk: { readonly firstRow: number; readonly rows: number }) =>
      forward(commands, { first: chunk.firstRow, m: chunk.rows }),
  };
}

/**
 * Measures loss and accuracy over a whole dataset.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function evaluateTwoLayer(
  network: TwoLayerNetwork,
  dataset: Dataset,
  loss: LossKind,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const [evaluation] = await evaluateOutputs(network, [network.output], dataset, { loss, signal });
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
  network: TwoLayerNetwork,
  outputLayers: readonly Matrix[],
  dataset: Dataset,
  { loss, signal }: { readonly loss: LossKind; readonly signal?: AbortSignal | undefined },
): Promise<readonly Evaluation[]> {
  requireFit(network, dataset);
  const { device, width, outputs, hidden, activation } = network;
  const { count, inputs, targets } = dataset;
  using scope = new Scope(device);
  const fitting = Math.floor(largestBinding(device) / (rowStride(width) * 4));
  // Half as many as the inputs: the activations then take half the memory of the network itself.
  const small = Math.max(BLOCK_ROWS.least, Math.floor(inputs.columns / 2));
  const swift = Math.floor(BLOCK_OPERATIONS / (2 * inputs.columns * width));
  const rows = Math.min(BLOCK_ROWS.most, small, fitting, count, Math.max(BLOCK_ROWS.least, swift));
  const activations = scope.matrix('evaluated activations', [rows, width]);
  const evaluated = scope.matrix('evaluated outputs', [rows, outputs]);
  const blocks = Math.ceil(count / rows);
  const groups = lossGroups(rows);
  const forward = await prepareMatmul(device, {
    a: inputs,
    b: hidden,
    out: activations,
    epilogue: { kind: 'activation', activation },
  });
  // Those of all networks in one buffer, so that one wait reads them.
  const words = blocks * groups * 2;
  const sums = scope.buffer('loss sums', outputLayers.length * words);
  const reduce = await prepareLoss(device, { outputs: evaluated, targets, sums, loss });
  const mixes = await Promise.all(
    outputLayers.map((weights) =>
      prepareOutputLayer(device, { activations, weights, targets, out: evaluated }),
    ),
  );
  const commands = new Commands(device);
  for (let block = 0; block < blocks; block++) {
    const first = block * rows;
    const m = Math.min(rows, count - first);
    forward(commands, { m, first });
    for (const [place, mix] of mixes.entries()) {
      mix(commands, { m, first });
      reduce(commands, { m, first, firstGroup: (place * blocks + block) * groups });
    }
    await commands.submitIfFull(signal);
  }
  await commands.finish();
  const pairs = await readFloats(sums);
  return outputLayers.map((_, place) => {
    const { total, correct } = addPairs(pairs.subarray(place * words, (place + 1) * words));
    const scale = loss === 'squared' ? 2 * count : count;
    return { loss: total / scale, accuracy: correct / count };
  });
}

/** Adds up pairs of (sum of losses, examples classified correctly). */
function addPairs(pairs: Float32Array): { readonly total: number; readonly correct: number } {
  let total = 0;
  let correct = 0;
  for (let pair = 0; pair < pairs.length; pair += 2) {
    total += pairs[pair] ?? 0;
    correct += pairs[pair + 1] ?? 0;
  }
  return { total, correct };
}

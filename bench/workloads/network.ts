import type { Task } from '../../src/data/tasks.js';
import { drawExamples, uploadImages } from '../../src/experiment/examples.js';
import { type ChunkedMatrix, readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import type { Dataset } from '../../src/models/dataset.js';
import { hiddenActivations } from '../../src/models/forward.js';
import {
  drawParameters,
  type TwoLayerNetwork,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../../src/models/two-layer.js';
import { rowMajor } from '../../src/reference/element.js';
import { matmulReference } from '../../src/reference/matmul.js';
import { type ContestContext, requireSource } from '../benchmark.js';
import { elementsAt, requireWithin, spread } from '../check.js';

/** The seed of examples, weights and batches: a run's default. */
export const SEED = 0;

/** A network as `espalier run` draws it, and m training images as it uploads them. */
export interface TrainingSetup {
  readonly dataset: Dataset;
  readonly network: TwoLayerNetwork;
  /** The network's first weights. */
  readonly parameters: TwoLayerParameters;
}

export function prepareSetup(
  context: ContestContext,
  m: number,
  width: number,
  task: Task = 'below-five',
): TrainingSetup {
  const { device, own } = context;
  const { train } = drawExamples(requireSource(context), m, SEED);
  const dataset = own(uploadImages(device, 'training', train, task));
  const { inputs, targets } = dataset;
  const parameters = drawParameters(
    { width, inputs: inputs.columns, outputs: targets.columns, activation: 'tanh' },
    SEED,
  );
  return { dataset, parameters, network: own(uploadTwoLayer(device, parameters)) };
}

/** What a peer is given of a set-up, read from where this library starts from. */
export interface SetupArrays {
  /** X [m × d]. */
  readonly inputs: Float32Array;
  /** Y [m × C]. */
  readonly targets: Float32Array;
  /** Aᵀ [d × N]. */
  readonly hidden: Float32Array;
  /** B [N × C]. */
  readonly output: Float32Array;
}

export async function readSetup({ dataset, network }: TrainingSetup): Promise<SetupArrays> {
  return {
    inputs: await readMatrix(dataset.inputs),
    targets: await readMatrix(dataset.targets),
    hidden: await readMatrix(network.hidden),
    output: await readMatrix(network.output),
  };
}

/** H = σ(X Aᵀ) [m × N] of all examples. */
export async function readActivations(
  { dataset, network }: TrainingSetup,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  using scope = new Scope(network.device);
  return readChunks(await hiddenActivations(network, dataset, scope, { signal }));
}

export async function readChunks({ rows, columns, chunks }: ChunkedMatrix): Promise<Float32Array> {
  const all = new Float32Array(rows * columns);
  for (const chunk of chunks) all.set(await readMatrix(chunk), chunk.firstRow * columns);
  return all;
}

/** @throws when an element of a sample of H [m × N] is outside its oracle's bound. */
export function requireActivations(
  activations: Float32Array,
  { inputs, hidden }: SetupArrays,
  { width: n, inputs: d, activation }: TwoLayerParameters,
): void {
  const [x, a] = [rowMajor(inputs, d), rowMajor(hidden, n)];
  const rows = spread(inputs.length / d, 32);
  const columns = spread(n, 64);
  const reference = matmulReference({
    m: rows.length,
    n: columns.length,
    k: d,
    a: (j, p) => x(rows[j] ?? -1, p),
    b: (p, i) => a(p, columns[i] ?? -1),
    alpha: 1,
    epilogue: { kind: 'activation', activation },
  });
  requireWithin(elementsAt(activations, n, rows, columns), reference, 'activations');
}

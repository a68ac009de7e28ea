import { readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import type { Dataset } from '../../src/models/dataset.js';
import { hiddenActivations } from '../../src/models/forward.js';
import {
  drawParameters,
  type Network,
  type Parameters,
  uploadNetwork,
} from '../../src/models/two-layer.js';
import { elementsOf } from '../../src/reference/element.js';
import { matmulReference } from '../../src/reference/matmul.js';
import { drawExamples, uploadImages } from '../../src/study/examples.js';
import { type ContestContext, requireSource } from '../benchmark.js';
import { elementsAt, requireWithin, spread } from '../check.js';

/** Of examples, weights and batches, as in a run by default. */
export const SEED = 0;

/** A network as `espalier run` draws it, and m training images as it uploads them. */
export interface Subject {
  readonly dataset: Dataset;
  readonly network: Network;
  /** The network's first weights. */
  readonly parameters: Parameters;
}

export function ownSubject(context: ContestContext, m: number, width: number): Subject {
  const { device, own } = context;
  const { train } = drawExamples(requireSource(context), m, SEED);
  const dataset = own(uploadImages(device, 'training', train, 'below-five'));
  const { inputs, targets } = dataset;
  const parameters = drawParameters(
    { width, inputs: inputs.columns, outputs: targets.columns, activation: 'tanh' },
    SEED,
  );
  return { dataset, parameters, network: own(uploadNetwork(device, parameters)) };
}

/**
 * H = σ(X Aᵀ) [m × N] of all examples with the first weights, a sample of it checked.
 *
 * @throws when an element of the sample is outside its oracle's bound.
 */
export async function checkedActivations(
  { dataset, network, parameters }: Subject,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { inputs: d, width: n } = parameters;
  using scope = new Scope(network.device);
  const { chunks } = await hiddenActivations(network, dataset, scope, signal);
  const x = elementsOf(await readMatrix(dataset.inputs), d);
  const a = elementsOf(parameters.hidden, d);
  const columns = spread(n, 64);
  const all = new Float32Array(dataset.count * n);
  for (const chunk of chunks) {
    const rows = spread(chunk.rows, 16);
    const reference = matmulReference({
      m: rows.length,
      n: columns.length,
      k: d,
      a: (j, p) => x(chunk.firstRow + (rows[j] ?? -1), p),
      b: (p, i) => a(columns[i] ?? -1, p),
      alpha: 1,
      epilogue: { kind: 'activation', activation: parameters.activation },
    });
    const states = await readMatrix(chunk);
    requireWithin('activations', elementsAt(states, n, rows, columns), reference);
    all.set(states, chunk.firstRow * n);
  }
  return all;
}

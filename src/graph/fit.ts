import { EspalierError } from '../errors.js';
import { quoted } from '../text.js';
import type { Graph } from './graph.js';
import { listParameters } from './parameters.js';
import type { Network, Weights } from './weights.js';

/** One way in which tensors are not what a graph needs. */
export type Misfit =
  | { readonly problem: 'missing'; readonly name: string; readonly expected: readonly number[] }
  | { readonly problem: 'extra'; readonly name: string; readonly found: readonly number[] }
  | {
      readonly problem: 'shape';
      readonly name: string;
      readonly expected: readonly number[];
      readonly found: readonly number[];
    };

/** A network, and the tensors found beside its weights that it has no use for. */
export interface FittedNetwork {
  readonly network: Network;
  /** Counters and the like, kept so that a file that is written again has them. */
  readonly others: Weights;
}

/** Last words of names that checkpoints hold beside weights: PyTorch's counter, and a profiler's. */
const PASSED_THROUGH = ['num_batches_tracked', 'total_ops', 'total_params'];

const MISFITS_TOLD = 4;

/**
 * A graph with the tensors of a file as its weights, in the graph's order.
 *
 * @throws EspalierError `bad-network` that lists missing, extra and mis-shaped tensors by name with
 * what was expected and found.
 */
export function fitWeights(graph: Graph, tensors: Weights): FittedNetwork {
  const misfits = findMisfits(graph, tensors);
  if (misfits.length > 0) {
    throw new EspalierError('bad-network', misfitsText(graph, misfits));
  }
  const weights = listParameters(graph).map(({ name }) => [name, tensors.get(name)!] as const);
  const others = [...tensors].filter(([name]) => isPassedThrough(name));
  return { network: { graph, weights: new Map(weights) }, others: new Map(others) };
}

/** All that keeps tensors from being a graph's weights, in the graph's order, what is extra last. */
export function findMisfits(graph: Graph, tensors: Weights): Misfit[] {
  const needed = listParameters(graph);
  const misfits = needed.flatMap(({ name, shape: expected }): Misfit[] => {
    const found = tensors.get(name);
    if (found === undefined) return [{ problem: 'missing', name, expected }];
    const fits = found.shape.join() === expected.join();
    return fits ? [] : [{ problem: 'shape', name, expected, found: found.shape }];
  });
  const known = new Set(needed.map(({ name }) => name));
  const extra = [...tensors]
    .filter(([name]) => !known.has(name) && !isPassedThrough(name))
    .map(([name, { shape }]): Misfit => ({ problem: 'extra', name, found: shape }));
  return [...misfits, ...extra];
}

/** One sentence that names the first few misfits. */
export function misfitsText(graph: Graph, misfits: readonly Misfit[]): string {
  const told = misfits.slice(0, MISFITS_TOLD).map(misfitText);
  const more = misfits.length > told.length ? [`${misfits.length - told.length} more`] : [];
  return `The weights are not those of ${graph.name}: ${[...told, ...more].join('; ')}.`;
}

/** `conv1.weight should be [16, 3, 3, 3], not [16, 3, 5, 5]` */
function misfitText(misfit: Misfit): string {
  const { problem, name } = misfit;
  switch (problem) {
    case 'missing':
      return `${name} [${misfit.expected.join(', ')}] is missing`;
    case 'extra':
      return `${quoted(name)} [${misfit.found.join(', ')}] belongs to no node`;
    case 'shape':
      return `${name} should be [${misfit.expected.join(', ')}], not [${misfit.found.join(', ')}]`;
  }
}

function isPassedThrough(name: string): boolean {
  return PASSED_THROUGH.includes(name.slice(name.lastIndexOf('.') + 1));
}

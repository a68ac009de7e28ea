import { EspalierError } from '../errors.js';
import type { Graph } from './graph.js';
import { listParameters } from './parameters.js';
import type { Network, Weight } from './weights.js';

/** A tensor of any type of number, as a file's reader gives it. */
export interface AnyTensor {
  readonly shape: readonly number[];
  readonly data: ArrayBufferView;
}

/** One way in which tensors are not what a graph needs. */
export type Misfit =
  | { readonly problem: 'missing'; readonly name: string; readonly expected: readonly number[] }
  | { readonly problem: 'extra'; readonly name: string; readonly found: readonly number[] }
  | {
      readonly problem: 'shape';
      readonly name: string;
      readonly expected: readonly number[];
      readonly found: readonly number[];
    }
  | { readonly problem: 'type'; readonly name: string };

/** A network, and the tensors found beside its weights that inference has no use for. */
export interface FittedNetwork<T> {
  readonly network: Network;
  /** Counters and the like, kept so that a file that is written again has them. */
  readonly others: ReadonlyMap<string, T>;
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
export function fitWeights<T extends AnyTensor>(
  graph: Graph,
  tensors: ReadonlyMap<string, T>,
): FittedNetwork<T> {
  const misfits = findMisfits(graph, tensors);
  if (misfits.length > 0) {
    throw new EspalierError('bad-network', misfitsText(graph, misfits));
  }
  const weights = listParameters(graph).flatMap(({ name, shape }): [string, Weight][] => {
    const data = tensors.get(name)?.data;
    return data instanceof Float32Array ? [[name, { shape, data }]] : [];
  });
  const others = [...tensors].filter(([name]) => isPassedThrough(name));
  return { network: { graph, weights: new Map(weights) }, others: new Map(others) };
}

/** All that keeps tensors from being a graph's weights, in the graph's order, what is extra last. */
export function findMisfits(graph: Graph, tensors: ReadonlyMap<string, AnyTensor>): Misfit[] {
  const needed = listParameters(graph);
  const misfits = needed.flatMap(({ name, shape: expected }): Misfit[] => {
    const found = tensors.get(name);
    if (found === undefined) return [{ problem: 'missing', name, expected }];
    if (found.shape.join() !== expected.join()) {
      return [{ problem: 'shape', name, expected, found: found.shape }];
    }
    return found.data instanceof Float32Array ? [] : [{ problem: 'type', name }];
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
      return `${name} [${misfit.found.join(', ')}] belongs to no node`;
    case 'shape':
      return `${name} should be [${misfit.expected.join(', ')}], not [${misfit.found.join(', ')}]`;
    case 'type':
      return `${name} should hold 32-bit floating-point numbers`;
  }
}

function isPassedThrough(name: string): boolean {
  return PASSED_THROUGH.includes(name.slice(name.lastIndexOf('.') + 1));
}

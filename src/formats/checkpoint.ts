import type { Weights } from '../graph/weights.js';

/** What a file of weights holds. */
export interface Checkpoint {
  /** Floating-point tensors of any precision, as float32. */
  readonly weights: Weights;
  /** Tensors of 64-bit integers, such as BatchNorm's `num_batches_tracked`: of no use here, but PyTorch wants them back. */
  readonly counters: ReadonlyMap<string, Counter>;
  /** Names of what else the file holds, which was passed over: epochs, accuracies, an optimiser's state. */
  readonly passedOver: readonly string[];
}

/** A tensor of 64-bit integers, row-major. */
export interface Counter {
  readonly shape: readonly number[];
  readonly data: BigInt64Array;
}

/** What training on several devices and compiling put before every name. */
const WRAPPERS = ['module.', '_orig_mod.'];

/** Names as the network itself gives them, when all have been given one prefix by PyTorch's wrappers. */
export function withoutWrappers(names: readonly string[]): readonly string[] {
  const wrapper = WRAPPERS.find((prefix) => names.every((name) => name.startsWith(prefix)));
  if (wrapper === undefined || names.length === 0) return names;
  return withoutWrappers(names.map((name) => name.slice(wrapper.length)));
}

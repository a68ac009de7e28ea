import type { Weight, Weights } from '../graph/weights.js';
import { decodeFloats, decodeIntegers, type StoredTensor } from './elements.js';

/** What a file of weights holds. */
export interface Checkpoint {
  /** Floating-point tensors of any precision, as float32. */
  readonly weights: Weights;
  /** Tensors of 64-bit integers, such as BatchNorm's `num_batches_tracked`: of no use here, but PyTorch wants them back. */
  readonly counters: ReadonlyMap<string, Counter>;
  /** Names of what else the file holds, which was passed over: epochs, accuracies, an optimiser's state. */
  readonly passedOver: readonly string[];
  /** What the file says in words beside its tensors, by name: safetensors' metadata, or strings around PyTorch's state. */
  readonly texts: ReadonlyMap<string, string>;
}

/** A tensor of 64-bit integers, row-major. */
export interface Counter {
  readonly shape: readonly number[];
  readonly data: BigInt64Array;
}

/**
 * A checkpoint of tensors as a file holds them. Names are the network's own: where all begin with
 * `module.` or `_orig_mod.`, as training on several devices and compiling leave them, that is dropped.
 */
export function toCheckpoint(
  stored: readonly (readonly [name: string, tensor: StoredTensor])[],
  { passedOver = [], texts }: Pick<Checkpoint, 'texts'> & Partial<Checkpoint>,
): Checkpoint {
  const weights = new Map<string, Weight>();
  const counters = new Map<string, Counter>();
  const others: string[] = [];
  const names = withoutWrappers(stored.map(([name]) => name));
  stored.forEach(([, { dtype, shape, bytes }], i) => {
    const name = names[i]!;
    switch (dtype) {
      case 'F64':
      case 'F32':
      case 'F16':
      case 'BF16':
        weights.set(name, { shape, data: decodeFloats(bytes, dtype) });
        break;
      case 'I64':
        counters.set(name, { shape, data: decodeIntegers(bytes) });
        break;
      default:
        others.push(name);
    }
  });
  return { weights, counters, passedOver: [...passedOver, ...others], texts };
}

const WRAPPERS = ['module.', '_orig_mod.'];

function withoutWrappers(names: readonly string[]): readonly string[] {
  const wrapper = WRAPPERS.find((prefix) => names.every((name) => name.startsWith(prefix)));
  if (wrapper === undefined || names.length === 0) return names;
  return withoutWrappers(names.map((name) => name.slice(wrapper.length)));
}

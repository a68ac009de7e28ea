import { pickShader } from '../../shaders/pick.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { largestGroup } from './variant.js';

export { INNER_PRODUCTS, namedProducts } from '../../shaders/inner-products.js';
export {
  NEGLIGIBLE,
  NO_SLOT,
  SELECTION_STATE,
  TAKEN,
  TRACE,
} from '../../shaders/selection-state.js';

export interface Picking {
  /** N, the number of scores. */
  readonly count: number;
  /** [slices × N]; their sum counts. */
  readonly scores: GpuBuffer;
  readonly slices: number;
  /** Cache slot of each neuron [N]. */
  readonly slots: GpuBuffer;
  /** Neuron of each cache slot [capacity]. */
  readonly owners: GpuBuffer;
  readonly capacity: number;
  readonly state: GpuBuffer;
  /** The pick of each step, written. */
  readonly picks: GpuBuffer;
  /** [N × 4]; the pick's are kept in the trace. */
  readonly innerProducts: GpuBuffer;
  /** Score and inner products of each pick, [k × TRACE.words], written. */
  readonly trace: GpuBuffer;
  /** p: Gram rows computed in one pass, at most the capacity. */
  readonly block: number;
  readonly replacement: boolean;
  /** The neurons that may be picked in each step, [k × size]; without it all of them. */
  readonly subset?: { readonly indices: GpuBuffer; readonly size: number } | undefined;
  /** Threads of the workgroup, a power of two; as many as suit the adapter by default. */
  readonly threads?: number | undefined;
}

/**
 * Prepares step `step`'s pick = argmin_i Σ_slices scores_i, the lowest index among equals and never
 * NaN, and the choice of the Gram rows to compute with it where its own is not cached: those of the
 * best-scoring others that are not, up to p in all. N operations a slice of scores; the least that
 * must move is 4 N (slices + 1) bytes: the scores, and where each neuron's row lies.
 *
 * @throws RangeError when the block is larger than the cache.
 */
export async function preparePick(
  device: Device,
  picking: Picking,
): Promise<(commands: Commands, step: number) => void> {
  const { count, scores, slices, slots, owners, capacity, state, picks } = picking;
  const { innerProducts, trace, block, replacement, subset } = picking;
  if (block > capacity) {
    throw new RangeError(`A block of ${block} rows does not fit a cache of ${capacity}.`);
  }
  const threads = picking.threads ?? largestGroup(device);
  const shader = pickShader({ replacement, subset: !!subset, threads });
  const kernel = await prepareKernel(device, shader, {
    scores,
    slots,
    owners,
    state,
    picks,
    innerProducts,
    trace,
    ...(subset && { subset: subset.indices }),
  });
  return (commands, step) =>
    commands.dispatch(
      kernel,
      { n: count, slices, p: block, capacity, step, subset_size: subset?.size ?? 0 },
      1,
      count * (slices + 1),
    );
}

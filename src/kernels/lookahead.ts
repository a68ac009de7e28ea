import { lookaheadShader } from '../../shaders/lookahead.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { largestGroup } from './variant.js';

export interface Lookahead {
  /** [N], as they were when the pick was made. */
  readonly scores: GpuBuffer;
  /** Cache slot of each neuron [N]. */
  readonly slots: GpuBuffer;
  /** Neuron of each cache slot [capacity]. */
  readonly owners: GpuBuffer;
  readonly capacity: number;
  /** The selection state of a pick with block 1: the pick's own row is the first of this block. */
  readonly state: GpuBuffer;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** [N × 4], ⟨φ_i, y⟩ first. */
  readonly innerProducts: GpuBuffer;
  /** [capacity × N] */
  readonly cache: GpuBuffer;
  /** Estimates of HᵀH [N × N], and N words of room. */
  readonly sketch: GpuBuffer;
  /** p, at most the capacity. */
  readonly block: number;
  readonly replacement: boolean;
  /** Threads of the workgroup, a power of two; as many as suit the adapter by default. */
  readonly threads?: number | undefined;
}

/** Picks that are played on for each row of the block. More of them find hardly any better rows. */
export const PICKS_A_ROW = 4;

/**
 * Prepares the choice of the Gram rows that are computed with the pick's, under the rule `average`.
 * For each pick that is played on N (2 C + 4) operations and 4 N (C + 4) bytes; at most 4 p of them, and none
 * when the pick's row is cached.
 */
export async function prepareLookahead(
  device: Device,
  lookahead: Lookahead,
): Promise<(commands: Commands) => void> {
  const { scores, slots, owners, capacity, state, weights, innerProducts, cache, sketch } =
    lookahead;
  const { block, replacement } = lookahead;
  if (block > capacity) {
    throw new RangeError(`A block of ${block} rows does not fit a cache of ${capacity}.`);
  }
  const shader = lookaheadShader({
    outputs: weights.columns,
    replacement,
    threads: lookahead.threads ?? largestGroup(device),
  });
  const kernel = await prepareKernel(device, shader, {
    scores,
    slots,
    owners,
    state,
    weights: weights.buffer,
    innerProducts,
    cache,
    sketch,
  });
  const n = weights.rows;
  const limit = PICKS_A_ROW * block;
  return (commands) =>
    commands.dispatch(
      kernel,
      { n, p: block, capacity, limit, weights_stride: weights.stride },
      1,
      n * (2 * weights.columns + 4) * limit,
    );
}

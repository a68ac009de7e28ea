import type { GpuBuffer } from '../gpu/buffer.js';
import type { Scope } from '../gpu/scope.js';
import { INNER_PRODUCTS, SELECTION_STATE, TRACE } from '../kernels/pick.js';

/** What the kernels of a selection share, by N neurons, k picks and a cache of Gram rows. */
export interface SelectionBuffers {
  readonly state: GpuBuffer;
  /** [k] */
  readonly picks: GpuBuffer;
  /** [k × TRACE.words] */
  readonly trace: GpuBuffer;
  /** [N × 4], what is known of each neuron; the rule says which lies where. */
  readonly innerProducts: GpuBuffer;
  /** [slices × N] */
  readonly scores: GpuBuffer;
  readonly slices: number;
  /** [N] */
  readonly slots: GpuBuffer;
  /** [capacity] */
  readonly owners: GpuBuffer;
  /** [capacity × N] */
  readonly cache: GpuBuffer;
  readonly capacity: number;
}

export interface BufferSizes {
  readonly width: number;
  readonly picks: number;
  /** p, the Gram rows of one pass. */
  readonly block: number;
  readonly capacity: number;
  readonly slices: number;
}

export function allocateBuffers(
  scope: Scope,
  { width, picks, block, capacity, slices }: BufferSizes,
): SelectionBuffers {
  return {
    state: scope.buffer('selection state', SELECTION_STATE.candidates + block),
    picks: scope.buffer('picks', picks),
    trace: scope.buffer('selection trace', picks * TRACE.words),
    innerProducts: scope.buffer('inner products', width * INNER_PRODUCTS),
    scores: scope.buffer('scores', slices * width),
    slices,
    slots: scope.buffer('slots', width),
    owners: scope.buffer('slot owners', capacity),
    cache: scope.buffer('gram row cache', capacity * width),
    capacity,
  };
}

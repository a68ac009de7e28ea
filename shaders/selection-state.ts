import { INNER_PRODUCTS } from './inner-products.js';

/**
 * Words of the u32 buffer by which the selection kernels hand each other what was decided on the
 * GPU, so that no step waits for the CPU.
 */
export const SELECTION_STATE = {
  pick: 0,
  /** Cache slot that holds, or is about to hold, the pick's Gram row; the other rows follow it. */
  slot: 1,
  /** The slot to be filled next; the oldest row gives way. */
  nextSlot: 2,
  /** Passes over the activations so far. */
  passes: 3,
  /** Scores that were NaN, all steps together. */
  nanCount: 4,
  /** Gram rows to compute in this step; 0 when the pick's row is cached. */
  pending: 5,
  /** Whose rows they are: with `pending` before it, a list as `gather-columns` takes it. */
  candidates: 6,
} as const;

/** In the slot table, in place of a slot: the neuron's row is not cached. */
export const NO_SLOT = 0xffffffff;
/** In the slot table, in place of a slot: the neuron may not be picked again. */
export const TAKEN = 0xfffffffe;

/** What is kept of each pick, in words of the f32 trace: its score and its inner products. */
export const TRACE = { score: 0, innerProducts: 1, words: 1 + INNER_PRODUCTS } as const;

/**
 * A difference of inner products that is below this share of its terms is rounding error: about
 * eight roundings of 2⁻²⁴ lie behind it.
 */
export const NEGLIGIBLE = 2 ** -21;

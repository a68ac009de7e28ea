import { INNER_PRODUCTS } from './inner-products.js';

/**
 * Words of the u32 buffer by which the selection kernels hand each other what was decided on the
 * GPU, so that no step waits for the CPU. Candidates follow at `candidates`.
 */
export const SELECTION_STATE = {
  /** Gram rows to compute in this step; 0 when the pick's row is cached. */
  pending: 0,
  pick: 1,
  /** Cache slot that holds, or is about to hold, the pick's Gram row; the other rows follow it. */
  slot: 2,
  /** The slot to be filled next; the oldest row gives way. */
  nextSlot: 3,
  /** Passes over the activations so far. */
  passes: 4,
  /** Scores that were NaN, all steps together. */
  nanCount: 5,
  /** Neurons whose rows are to be computed. */
  candidates: 8,
} as const;

/** In the slot table: the neuron's row is not cached; the neuron may not be picked again. */
export const NO_SLOT = 0xffffffff;
export const TAKEN = 0xfffffffe;

/** What is kept of each pick, in words of the f32 trace: its score and its inner products. */
export const TRACE = { score: 0, innerProducts: 1, words: 1 + INNER_PRODUCTS } as const;

/**
 * Below this share of the terms that it is a difference of, a number worked out from inner products
 * is rounding error: about eight roundings of 2⁻²⁴ lie behind it.
 */
export const NEGLIGIBLE = 2 ** -21;

/**
 * Words of the u32 buffer by which the selection kernels hand each other what was decided on the
 * GPU, so that no step waits for the CPU. Candidates follow at `candidates`.
 */
export const SELECTION_STATE = {
  /** Gram rows to compute in this step; 0 when the pick's row is cached. */
  pending: 0,
  pick: 1,
  /** Cache slot that holds, or is about to hold, the pick's Gram row. */
  slot: 2,
  /** The slot to be filled next; the oldest row gives way. */
  nextSlot: 3,
  /** Passes over the activations so far. */
  passes: 4,
  /** Neurons whose score is NaN, counted in every step. */
  notNumbers: 5,
  /** Index of the first candidate; each is followed by no slot: slots are consecutive. */
  candidates: 8,
} as const;

/** In the slot table: the neuron's row is not cached; the neuron may not be picked again. */
export const NO_SLOT = 0xffffffff;
export const TAKEN = 0xfffffffe;

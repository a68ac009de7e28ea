import { SELECTION_STATE } from './selection-state.js';

/**
 * WGSL by which candidates `begin` to `end` − 1 of a block take their slots in the row cache from
 * the earlier owners, whose rows are forgotten. To be called by one thread, once all are chosen: a
 * row that has just given way would otherwise be a candidate again, for some threads and not for
 * others. `NONE` as in `bestOfThreads`.
 */
export const TAKE_SLOTS = `
fn take_slots(begin: u32, end: u32) {
  let first = state[${SELECTION_STATE.slot}];
  for (var q = begin; q < end; q++) {
    let slot = (first + q) % params.capacity;
    let i = state[${SELECTION_STATE.candidates}u + q];
    let before = owners[slot];
    if (before != i && before < params.n && slots[before] == slot) { slots[before] = NONE; }
    owners[slot] = i;
  }
  state[${SELECTION_STATE.nextSlot}] = (first + end) % params.capacity;
}
`;

/** What the choice of a pick leaves behind for the next step. */
export interface PickState {
  /** Cache slot of each neuron: none, or never to be picked again. */
  readonly slots: readonly (number | 'none' | 'taken')[];
  /** Neuron that entered each cache slot last. */
  readonly owners: readonly number[];
  readonly nextSlot: number;
  readonly passes: number;
  readonly nanCount: number;
}

export interface PickStep {
  readonly state: PickState;
  /** Undefined when no neuron can be picked. */
  readonly pick: number | undefined;
  /** Slot of the pick's Gram row. */
  readonly slot: number | undefined;
  /** Neurons whose rows are to be computed, in the order of their slots; none for a cached pick. */
  readonly candidates: readonly number[];
}

export interface PickProblem {
  /** The sums of all slices. */
  readonly scores: ArrayLike<number>;
  /** The neurons that may be picked in this step; without it all of them. */
  readonly subset?: readonly number[] | undefined;
  /** p. */
  readonly block: number;
  readonly capacity: number;
  readonly replacement: boolean;
}

/**
 * Picks the smallest score, the lowest index among equals, never NaN. A pick without a Gram row
 * takes the best other neurons along that had none when the step began, p in all; they enter the
 * slots from `nextSlot` on, and the rows that were there are forgotten.
 */
export function pickReference(problem: PickProblem, state: PickState): PickStep {
  const { block, capacity, replacement, subset } = problem;
  const scores = Array.from(problem.scores);
  const ranked = scores
    .map((score, index) => ({ score, index }))
    .filter(({ score }) => !Number.isNaN(score))
    .sort((a, b) => (a.score === b.score ? a.index - b.index : a.score < b.score ? -1 : 1))
    .map(({ index }) => index);
  const nanCount = state.nanCount + scores.length - ranked.length;
  const pick = ranked.find(
    (index) => state.slots[index] !== 'taken' && (subset?.includes(index) ?? true),
  );
  if (pick === undefined) {
    return { state: { ...state, nanCount }, pick, slot: undefined, candidates: [] };
  }
  const known = state.slots[pick];
  const cached = typeof known === 'number';
  const uncached = ranked.filter((index) => state.slots[index] === 'none');
  // With a subset the pick need not be the best of those without a row.
  const others = uncached.filter((index) => index !== pick);
  const candidates = cached ? [] : [pick, ...others.slice(0, block - 1)];
  const slots = [...state.slots];
  const owners = [...state.owners];
  candidates.forEach((neuron, q) => {
    const slot = (state.nextSlot + q) % capacity;
    const before = owners[slot];
    if (before !== undefined && slots[before] === slot) slots[before] = 'none';
    owners[slot] = neuron;
    slots[neuron] = slot;
  });
  if (!replacement) slots[pick] = 'taken';
  return {
    state: {
      slots,
      owners,
      nextSlot: (state.nextSlot + candidates.length) % capacity,
      passes: state.passes + (cached ? 0 : 1),
      nanCount,
    },
    pick,
    slot: cached ? known : state.nextSlot,
    candidates,
  };
}

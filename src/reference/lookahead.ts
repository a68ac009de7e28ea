import type { Element } from './element.js';
import type { PickState } from './pick.js';

export interface LookaheadProblem {
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly scores: ArrayLike<number>;
  /** B [N × C]. */
  readonly weights: Element;
  /** ⟨φ_i, y⟩ */
  readonly correlation: (i: number) => number;
  /** H_i · H_j, as the cache has it. */
  readonly row: Element;
  /** Estimates of it. */
  readonly sketch: Element;
  /** p. */
  readonly block: number;
  readonly capacity: number;
  /** Picks that are played on at most. */
  readonly limit: number;
  readonly replacement: boolean;
  readonly pick: number;
  /** Slot of the pick's Gram row. */
  readonly slot: number;
}

/** The neurons whose Gram rows are to be computed, and the cache once they are. */
export interface LookaheadAnswer {
  readonly candidates: readonly number[];
  readonly slots: PickState['slots'];
  readonly owners: readonly number[];
  readonly nextSlot: number;
}

/**
 * Plays the selection on from a pick without a row, with cached rows where there are some and
 * estimates elsewhere, and collects the neurons without a row that it picks; then the best others.
 *
 * @param state as it is once the pick has its slot.
 */
export function lookaheadReference(
  problem: LookaheadProblem,
  state: Pick<PickState, 'slots' | 'owners'>,
): LookaheadAnswer {
  const { n, outputs, weights, correlation, row, sketch, replacement } = problem;
  const { block, capacity, limit, pick, slot: first } = problem;
  const scores = Array.from(problem.scores);
  const gone = new Set<number>();
  const candidates = [pick];
  const without = (i: number) => state.slots[i] === 'none' && !candidates.includes(i);
  const bestOpen = (open: (i: number) => boolean): number | undefined => {
    let best: number | undefined;
    for (let i = 0; i < n; i++) {
      const score = scores[i] ?? Number.NaN;
      if (!open(i) || Number.isNaN(score)) continue;
      if (best === undefined || score < (scores[best] ?? 0)) best = i;
    }
    return best;
  };
  let current: number | undefined = pick;
  for (let made = 0; made < limit && current !== undefined && candidates.length < block; made++) {
    const taken: number = current;
    const slot = state.slots[taken];
    // A row that this pass is about to overwrite counts as gone.
    const kept =
      typeof slot === 'number' && (slot + capacity - first) % capacity >= candidates.length;
    for (let i = 0; i < n; i++) {
      const product = (kept ? row : sketch)(taken, i);
      let alignment = 0;
      for (let c = 0; c < outputs; c++) alignment += weights(i, c) * weights(taken, c);
      scores[i] = (scores[i] ?? Number.NaN) + 2 * (alignment * product - correlation(i));
    }
    if (!replacement) gone.add(taken);
    current = bestOpen((i) => replacement || (state.slots[i] !== 'taken' && !gone.has(i)));
    if (current !== undefined && without(current)) candidates.push(current);
  }
  while (candidates.length < block) {
    const next = bestOpen((i) => without(i) && !gone.has(i));
    if (next === undefined) break;
    candidates.push(next);
  }
  const slots = [...state.slots];
  const owners = [...state.owners];
  candidates.forEach((neuron, q) => {
    if (q === 0) return;
    const slot = (first + q) % capacity;
    const before = owners[slot];
    if (before !== undefined && slots[before] === slot) slots[before] = 'none';
    owners[slot] = neuron;
    slots[neuron] = slot;
  });
  return { candidates, slots, owners, nextSlot: (first + candidates.length) % capacity };
}

/** One part of a candidate's sum. */
export interface Trial {
  readonly candidate: number;
  readonly part: number;
}

export interface Race {
  /** How many; of equals the first wins. */
  readonly candidates: number;
  /** The parts of each sum in the order in which they are taken, the largest first where that is known. */
  readonly parts: readonly number[];
  /** Trials that are worth a call of their own. */
  readonly least: number;
  /** What these trials add to their sums: nothing below zero. */
  readonly measure: (trials: readonly Trial[]) => Promise<ArrayLike<number>>;
}

export interface RaceResult {
  readonly winner: number;
  /** Of the winner, by part. */
  readonly costs: Float64Array;
  /** How many were measured, of candidates × parts. */
  readonly trials: number;
}

/** Parts that a candidate is measured by at a time. */
const STEP = 4;
/** Share of the candidates that go on at a time: those whose sums are smallest so far. */
const AHEAD = 1 / 4;

/**
 * The candidate whose sum over all parts is smallest, exactly, without all of the sums: as no part is
 * negative, a candidate whose sum so far exceeds another's whole one has lost. This is best-first
 * branch and bound; of candidates that are far apart most drop out after a few parts.
 */
export async function raceCandidates({
  candidates,
  parts,
  least,
  measure,
}: Race): Promise<RaceResult> {
  const sums = new Float64Array(candidates);
  const done = new Uint32Array(candidates);
  const costs = Array.from({ length: candidates }, () => new Float64Array(parts.length));
  let [winner, best] = [-1, Number.POSITIVE_INFINITY];
  let measured = 0;
  const isOpen = (candidate: number) => {
    const sum = sums[candidate] as number;
    const first = sum < best || (sum === best && candidate < winner);
    return first && (done[candidate] as number) < parts.length;
  };
  let open = Array.from({ length: candidates }, (_, candidate) => candidate);
  while (open.length > 0) {
    // Nothing is known of any before the first turn.
    const ahead = measured === 0 ? open : open.slice(0, Math.ceil(AHEAD * open.length));
    const step = Math.max(STEP, Math.ceil(least / ahead.length));
    const trials = ahead.flatMap((candidate) => {
      const from = done[candidate] as number;
      return parts.slice(from, from + step).map((part): Trial => ({ candidate, part }));
    });
    const found = await measure(trials);
    trials.forEach(({ candidate, part }, at) => {
      // Rounding may leave a cost of nothing a little below.
      const cost = Math.max(0, found[at] as number);
      (costs[candidate] as Float64Array)[part] = cost;
      sums[candidate] = (sums[candidate] as number) + cost;
      done[candidate] = (done[candidate] as number) + 1;
    });
    measured += trials.length;
    for (const candidate of ahead) {
      const sum = sums[candidate] as number;
      const whole = done[candidate] === parts.length;
      if (whole && (sum < best || (sum === best && candidate < winner))) {
        [winner, best] = [candidate, sum];
      }
    }
    open = open
      .filter(isOpen)
      .sort((one, other) => (sums[one] as number) - (sums[other] as number) || one - other);
  }
  return { winner, costs: costs[winner] ?? new Float64Array(parts.length), trials: measured };
}

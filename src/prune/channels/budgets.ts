import { EspalierError } from '../../errors.js';

/** How far the network's answers move when one unit alone is cut. */
export interface DivergenceCurve {
  /** C. */
  readonly channels: number;
  /** Channels that the unit keeps at least whatever is asked for; 1 by default. */
  readonly least?: number | undefined;
  /** Channels kept, ascending; all C, where nothing moves, are left out. */
  readonly kept: readonly number[];
  /** KL(dense ‖ cut) a calibration image, for each of `kept`. */
  readonly divergence: readonly number[];
}

export interface BudgetProblem {
  readonly curves: readonly DivergenceCurve[];
  /** What the whole network costs with so many channels of each unit kept. */
  readonly cost: (kept: readonly number[]) => number;
  /** What it may cost at most, in the same measure. */
  readonly budget: number;
  /** Channels that every unit keeps at least. */
  readonly least: number;
  /** What a number of kept channels is a multiple of, where it is not all of them. */
  readonly roundTo: number;
}

/** Halvings of λ's interval, on a scale of logarithms: more tell no more than rounding. */
const BISECTIONS = 48;
/** Turns over all units at most: costs that two units share settle in two or three. */
const TURNS = 8;

/**
 * How many channels of each unit stay: the counts that minimise Σ divergence + λ · cost, with the
 * smallest λ at which the cost is within the budget, found by bisection. What that leaves of the
 * budget goes, step by step, to the unit that gains most for it.
 *
 * @throws bad-config when even the fewest channels cost more than the budget.
 */
export function shareBudget(problem: BudgetProblem): readonly number[] {
  const { curves, cost, budget } = problem;
  const choices = curves.map((curve) => countsOfUnit(curve, problem));
  const most = curves.map(({ channels }) => channels);
  if (cost(most) <= budget) return most;
  const fewest = choices.map((counts) => counts[0] as number);
  const floor = cost(fewest);
  if (floor > budget) throw budgetOutOfReach({ budget, floor, whole: cost(most) });
  const tables = curves.map(divergenceTable);
  const search = { choices, tables };
  const total = (kept: readonly number[]) =>
    kept.reduce((sum, count, unit) => sum + (tables[unit]?.[count] ?? 0), 0);
  // Where units share a cost the descent can end beside the least: it starts from both ends.
  const ends = [most, fewest].map((start) => {
    let low = -60;
    let high = 60;
    let best: readonly number[] = fewest;
    for (let turn = 0; turn < BISECTIONS; turn++) {
      const middle = (low + high) / 2;
      const price = Math.exp(middle) / cost(most);
      const kept = cheapest({ ...search, cost, price, start });
      if (cost(kept) > budget) low = middle;
      else [high, best] = [middle, kept];
    }
    return filled(problem, search, best);
  });
  return ends.reduce((one, other) => (total(other) < total(one) ? other : one));
}

/** The error of a budget that no cut meets: it says what the least is. */
export function budgetOutOfReach({
  budget,
  floor,
  whole,
}: {
  readonly budget: number;
  readonly floor: number;
  readonly whole: number;
}): EspalierError {
  const share = (value: number) => (value / whole).toPrecision(3);
  return new EspalierError(
    'bad-config',
    `A budget of ${share(budget)} cannot be met: with the fewest channels in every unit ${share(floor)} is left. Ask for at least that, or let more units be cut.`,
  );
}

interface Search {
  readonly choices: readonly (readonly number[])[];
  /** Divergence by channels kept, 0 … C. */
  readonly tables: readonly Float64Array[];
}

/** The counts that minimise Σ divergence + price · cost, one unit after the other until none moves. */
function cheapest({
  choices,
  tables,
  cost,
  price,
  start,
}: Search & {
  readonly cost: BudgetProblem['cost'];
  readonly price: number;
  readonly start: readonly number[];
}): readonly number[] {
  const kept = [...start];
  for (let turn = 0; turn < TURNS; turn++) {
    let moved = false;
    choices.forEach((counts, unit) => {
      const before = kept[unit];
      let least = Number.POSITIVE_INFINITY;
      let choice = before as number;
      for (const count of counts) {
        kept[unit] = count;
        const total = (tables[unit]?.[count] ?? 0) + price * cost(kept);
        if (total < least) [least, choice] = [total, count];
      }
      kept[unit] = choice;
      moved ||= choice !== before;
    });
    if (!moved) break;
  }
  return kept;
}

/** Spends what is left of the budget where it lowers the divergence most for its cost. */
function filled(
  { cost, budget }: BudgetProblem,
  { choices, tables }: Search,
  start: readonly number[],
): readonly number[] {
  let kept = [...start];
  for (;;) {
    const now = cost(kept);
    let best: { readonly kept: number[]; readonly worth: number } | undefined;
    choices.forEach((counts, unit) => {
      const count = kept[unit] as number;
      const next = counts[counts.indexOf(count) + 1];
      if (next === undefined) return;
      const grown = kept.with(unit, next);
      const price = cost(grown);
      if (price > budget) return;
      const gain = (tables[unit]?.[count] ?? 0) - (tables[unit]?.[next] ?? 0);
      const worth = gain / Math.max(price - now, Number.MIN_VALUE);
      if (!best || worth > best.worth) best = { kept: grown, worth };
    });
    if (!best) return kept;
    kept = best.kept;
  }
}

/** The fewest channels that a unit may keep, where it has more. */
export function fewestChannels(
  { least, roundTo }: Pick<BudgetProblem, 'least' | 'roundTo'>,
  unit: Pick<DivergenceCurve, 'least'>,
): number {
  return Math.max(1, Math.ceil(Math.max(least, unit.least ?? 1) / roundTo)) * roundTo;
}

/** The numbers of channels that a unit may keep, ascending: all of them the last. */
export function countsOfUnit(
  unit: Pick<DivergenceCurve, 'channels' | 'least'>,
  options: Pick<BudgetProblem, 'least' | 'roundTo'>,
): readonly number[] {
  const { channels } = unit;
  const counts: number[] = [];
  for (let count = fewestChannels(options, unit); count < channels; count += options.roundTo)
    counts.push(count);
  return [...counts, channels];
}

/**
 * The divergence at every count from 0 to C, by a monotone cubic through the measured points
 * (Fritsch and Carlson, 1980) and none with all C channels. Measured noise that would make a cut
 * of more channels the better one is levelled first.
 */
export function divergenceTable({ channels, kept, divergence }: DivergenceCurve): Float64Array {
  const x = [...kept, channels];
  const y = [...divergence.map((value) => Math.max(0, value)), 0];
  for (let at = y.length - 2; at >= 0; at--) {
    y[at] = Math.max(y[at] as number, y[at + 1] as number);
  }
  const slopes = monotoneSlopes(x, y);
  return Float64Array.from({ length: channels + 1 }, (_, count) => cubicAt(count, x, y, slopes));
}

function monotoneSlopes(x: readonly number[], y: readonly number[]): readonly number[] {
  const secants = x.slice(1).map((right, at) => {
    return ((y[at + 1] as number) - (y[at] as number)) / (right - (x[at] as number));
  });
  const slopes = x.map((_, at) => {
    const [left, right] = [secants[at - 1], secants[at]];
    if (left === undefined || right === undefined) return left ?? right ?? 0;
    // The harmonic mean keeps the curve monotone on both sides of the point.
    return left * right > 0 ? (2 * left * right) / (left + right) : 0;
  });
  return slopes;
}

function cubicAt(
  count: number,
  x: readonly number[],
  y: readonly number[],
  slopes: readonly number[],
): number {
  const first = x[0] as number;
  // Below the smallest measured count the curve goes on straight.
  if (count <= first) return (y[0] as number) + (slopes[0] ?? 0) * (count - first);
  const right = x.findIndex((value) => value >= count);
  const left = right - 1;
  const width = (x[right] as number) - (x[left] as number);
  const t = (count - (x[left] as number)) / width;
  const [y0, y1] = [y[left] as number, y[right] as number];
  const [m0, m1] = [(slopes[left] as number) * width, (slopes[right] as number) * width];
  const [t2, t3] = [t * t, t * t * t];
  return (
    (2 * t3 - 3 * t2 + 1) * y0 + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * y1 + (t3 - t2) * m1
  );
}

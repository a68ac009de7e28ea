import { budgetOutOfReach, type DivergenceCurve, fewestChannels } from './budgets.js';

/** Halvings of the share's interval: the counts of channels tell no more. */
const BISECTIONS = 30;

/**
 * How many channels of each unit stay when all keep the same share: the largest whose cost is
 * within the budget.
 *
 * @param units C of each, and what each keeps at least.
 * @throws bad-config when even the fewest channels cost more than the budget.
 */
export function shareEvenly({
  units,
  cost,
  budget,
  least,
  roundTo,
}: {
  readonly units: readonly Pick<DivergenceCurve, 'channels' | 'least'>[];
  readonly cost: (kept: readonly number[]) => number;
  readonly budget: number;
  readonly least: number;
  readonly roundTo: number;
}): readonly number[] {
  const keptAt = (share: number) =>
    units.map((unit) => {
      const rounded = Math.round((share * unit.channels) / roundTo) * roundTo;
      return Math.min(unit.channels, Math.max(fewestChannels({ least, roundTo }, unit), rounded));
    });
  if (cost(keptAt(1)) <= budget) return keptAt(1);
  let [low, high] = [0, 1];
  if (cost(keptAt(low)) > budget) {
    throw budgetOutOfReach({ budget, floor: cost(keptAt(low)), whole: cost(keptAt(1)) });
  }
  for (let turn = 0; turn < BISECTIONS; turn++) {
    const middle = (low + high) / 2;
    if (cost(keptAt(middle)) <= budget) low = middle;
    else high = middle;
  }
  return keptAt(low);
}

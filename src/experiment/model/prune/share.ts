import { costOfKept } from '../../../graph/cost.js';
import type { Graph } from '../../../graph/graph.js';
import type { Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { shareBudget } from '../../../prune/channels/budgets.js';
import { shareEvenly } from '../../../prune/channels/uniform.js';
import type { Counted, PruneOptions, UnitCurve } from './events.js';
import { chosenUnits } from './units.js';

/** What the network costs with so many channels of each unit kept. */
export type KeptCost = (kept: readonly number[]) => number;

/** A cost that is counted and not measured. */
export function countedCost(graph: Graph, units: readonly Unit[], of: Counted): KeptCost {
  const costOf = costOfKept(graph, units);
  return (kept) => costOf(kept)[of];
}

/**
 * Refuses, before any work, a budget that no cut meets; of milliseconds only measuring tells.
 *
 * @throws bad-config saying the least that can be met; bad-network when nothing can be cut.
 */
export function requireReachable({ graph }: Pick<Network, 'graph'>, options: PruneOptions): void {
  const units = chosenUnits(graph, options.units);
  const { of } = options.budget;
  if (of === 'milliseconds' || options.layerTolerance !== undefined) return;
  const cost = countedCost(graph, units, of);
  shareOfUnits({ cost, units, options: { ...options, sharing: 'uniform' }, curves: [] });
}

/**
 * How many channels of each unit stay; all that there are where a tolerance decides, since only the
 * cut itself tells.
 *
 * @throws bad-config when the budget cannot be met.
 */
export function shareOfUnits({
  cost,
  units,
  options: { budget, layout, layerTolerance, sharing, least, roundTo },
  curves,
}: {
  readonly cost: KeptCost;
  readonly units: readonly Unit[];
  readonly options: PruneOptions;
  /** Of measured budgets, one a unit. */
  readonly curves: readonly UnitCurve[];
}): readonly number[] {
  const channels = units.map((unit) => unit.channels);
  if (layerTolerance !== undefined) return channels;
  if (layout) return units.map((unit) => layout[unit.name] ?? unit.channels);
  const limits = { cost, budget: budget.share * cost(channels), least, roundTo };
  return sharing === 'measured'
    ? shareBudget({
        curves: curves.map((curve, at) => ({ ...curve, least: units[at]?.least })),
        ...limits,
      })
    : shareEvenly({ units, ...limits });
}

import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import { divergenceTable, fewestChannels } from '../../../prune/channels/budgets.js';
import type { PruneEvent, PruneInput, PruneOptions, UnitCurve } from './events.js';
import { requireCutLabels } from './labels.js';
import { measureLatency } from './latency.js';
import { measureCurves } from './measure-curves.js';
import { type Pruning, preparePruning, unitsInInference } from './pruning.js';
import { countedCost, type KeptCost, shareOfUnits } from './share.js';
import { tooFew } from './too-few.js';
import { chosenUnits } from './units.js';

/** What a cut to any budget is planned by: it is measured once, and no budget changes it. */
export interface PruneMeasurements {
  /** What the network costs with so many channels of each unit kept. */
  readonly cost: KeptCost;
  /** How far the answers move when one unit alone is cut; none where the units share evenly. */
  readonly curves: readonly UnitCurve[];
}

/** How many channels of each unit a budget leaves, before anything is cut. */
export interface PrunePlan {
  readonly units: readonly {
    readonly unit: string;
    readonly channels: number;
    readonly kept: number;
  }[];
  /** The share of the cost that is left. */
  readonly reached: number;
  /** Σ of the units' divergences, each as if it alone were cut; 0 without curves. */
  readonly divergence: number;
}

/**
 * Measures what a cut is planned by: milliseconds of layers where the budget is of those, and how far
 * the answers move when one unit alone is cut.
 *
 * @param known curves of the same input that were measured before.
 * @throws bad-config for milliseconds of which no cut leaves so few; bad-network when nothing can be
 *   cut; bad-data for labels that are missing, or activations that are not finite; limit-exceeded; aborted.
 */
export async function* measurePruning(
  device: Device,
  input: PruneInput,
  {
    known = [],
    signal,
  }: { readonly known?: readonly UnitCurve[]; readonly signal?: AbortSignal } = {},
): AsyncGenerator<PruneEvent, PruneMeasurements> {
  return yield* measurePrepared(preparePruning(device, input, signal), known);
}

/** `measurePruning`, of a pruning that is prepared. */
export async function* measurePrepared(
  pruning: Pruning,
  known: readonly UnitCurve[],
): AsyncGenerator<PruneEvent, PruneMeasurements> {
  const { device, dense, units, input, options, signal } = pruning;
  requireCutLabels(input.calibration, options);
  const few = tooFew(pruning);
  if (few) yield few;
  const { of } = options.budget;
  const cost =
    of === 'milliseconds'
      ? yield* measureLatency(device, unitsInInference(pruning), signal)
      : countedCost(dense.graph, units, of);
  // Before the curves: a budget out of reach needs none.
  shareOfUnits({ cost, units, options: { ...options, sharing: 'uniform' }, curves: [] });
  const measured = options.sharing === 'measured' && options.layerTolerance === undefined;
  const curves = measured ? yield* measureCurves(pruning, known) : [];
  return { cost, curves };
}

/**
 * Shares a budget among the units of a network: arithmetic on what was measured, without a device.
 *
 * @throws bad-config when the budget cannot be met; bad-network when nothing can be cut.
 */
export function planPruning(
  { graph }: Network,
  options: PruneOptions,
  { cost, curves }: PruneMeasurements,
): PrunePlan {
  const units = chosenUnits(graph, options.units);
  const kept = shareOfUnits({ cost, units, options, curves });
  const tables = curves.map(divergenceTable);
  return {
    units: units.map(({ name, channels }, at) => ({
      unit: name,
      channels,
      kept: kept[at] as number,
    })),
    reached: cost(kept) / cost(units.map(({ channels }) => channels)),
    divergence: tables.reduce((sum, table, at) => sum + (table[kept[at] as number] as number), 0),
  };
}

/** The least share of the cost that a cut can leave, with the fewest channels in every unit. */
export function leastShare(
  { graph }: Network,
  options: Pick<PruneOptions, 'units' | 'least' | 'roundTo'>,
  cost: KeptCost,
): number {
  const units = chosenUnits(graph, options.units);
  const fewest = units.map((unit) => Math.min(unit.channels, fewestChannels(options, unit)));
  const floor = cost(fewest);
  const whole = cost(units.map(({ channels }) => channels));
  const share = floor / whole;
  // So that a budget of this share is met, however it was rounded.
  return share * whole < floor ? share * (1 + Number.EPSILON) : share;
}

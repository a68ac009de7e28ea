import type { Device } from '../../../gpu/device.js';
import { foldBatchNorms } from '../../../graph/fold.js';
import type { Network } from '../../../graph/weights.js';
import { agreement, answersFrom, meanDivergence } from './answers.js';
import { cutUnits } from './cut-units.js';
import type {
  PlannedCutSummary,
  PruneEvent,
  PruneInput,
  PruneState,
  PruneSummary,
} from './events.js';
import { measurePrepared, type PrunePlan, planPruning } from './plan.js';
import { type Pruning, preparePruning, startWalk } from './pruning.js';
import { requireReachable } from './share.js';

/**
 * Prunes a trained network to a budget, by pictures without labels. Each unit of channels is cut to
 * some of them and what reads it is fitted to them, so that the network goes on with what it had:
 * from the first unit to the last, each by what the network as cut so far makes of the pictures.
 *
 * Measured budgets first cut each unit alone and look how far the answers move. In place of a budget
 * a tolerance of accuracy lets each unit say by itself how many channels are enough.
 *
 * @param from what an interrupted pruning of the same input had done.
 * @throws bad-config when the budget cannot be met; bad-network when nothing can be cut; bad-data for
 *   pictures that do not fit, labels that are missing, or activations that are not finite; limit-exceeded; aborted.
 */
export async function* pruneNetwork(
  device: Device,
  input: PruneInput,
  { from, signal }: { readonly from?: PruneState; readonly signal?: AbortSignal } = {},
): AsyncGenerator<PruneEvent, PruneSummary> {
  const { network, options } = input;
  requireReachable(network, options);
  const start = performance.now();
  const pruning = preparePruning(device, input, signal);
  const measured = yield* measurePrepared(pruning, from?.curves ?? []);
  const plan = planPruning(network, options, measured);
  if (options.layerTolerance === undefined) {
    yield {
      type: 'budget',
      units: plan.units.map(({ unit }) => unit),
      kept: plan.units.map(({ kept }) => kept),
    };
  }
  const curves = (performance.now() - start) / 1000;
  const cut = yield* cutPrepared(pruning, { plan, from });
  const left = measured.cost(cut.units.map(({ kept }) => kept.length));
  const reached = left / measured.cost(cut.units.map(({ channels }) => channels));
  return {
    ...cut,
    budget: { ...cut.budget, reached },
    curves: measured.curves,
    seconds: { ...cut.seconds, curves },
  };
}

/** What a cut is made by, and from where. */
export interface PlannedCut {
  readonly plan: PrunePlan;
  /** What an interrupted cut by the same plan had done. */
  readonly from?: PruneState | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Cuts a network as `planPruning` has planned, with nothing measured that hangs on no plan: the second
 * half of `pruneNetwork`, for plans of many budgets.
 *
 * @throws bad-network, bad-data, limit-exceeded, aborted as `pruneNetwork` does.
 */
export async function* cutAsPlanned(
  device: Device,
  input: PruneInput,
  { plan, from, signal }: PlannedCut,
): AsyncGenerator<PruneEvent, PlannedCutSummary> {
  return yield* cutPrepared(preparePruning(device, input, signal), { plan, from });
}

async function* cutPrepared(
  pruning: Pruning,
  { plan, from }: Pick<PlannedCut, 'plan' | 'from'>,
): AsyncGenerator<PruneEvent, PlannedCutSummary> {
  const { device, input } = pruning;
  const counts = plan.units.map(({ kept }) => kept);
  const start = performance.now();
  const cut = yield* cutBesideDense(pruning, counts, from);
  const cutting = (performance.now() - start) / 1000;
  const { budget, layout, layerTolerance } = input.options;
  const isAsked = layout === undefined && layerTolerance === undefined;
  return {
    adapter: device.adapter,
    ...cut,
    budget: { of: budget.of, ...(isAsked && { asked: budget.share }), reached: plan.reached },
    calibration: input.calibration.count,
    ...(await nearness(pruning, cut.network)),
    seconds: { cutting },
  };
}

/** Cuts the units while the images walk through the dense network too. */
async function* cutBesideDense(
  pruning: Pruning,
  counts: readonly number[],
  from: PruneState | undefined,
) {
  using walk = await startWalk(pruning);
  const dense = (unit: string) => walk.to(pruning.folded, unit);
  return yield* cutUnits(pruning, { counts, dense, from });
}

/** How near a cut network's answers are to the dense one's, on the calibration images. */
async function nearness(pruning: Pruning, network: Network) {
  const { device, folded, input } = pruning;
  const { count } = input.calibration;
  using walk = await startWalk(pruning);
  const dense = await answersFrom(device, walk.at(folded), count);
  const cut = await answersFrom(device, walk.at(foldBatchNorms(network)), count);
  const classes = dense.length / count;
  return {
    divergence: meanDivergence(dense, cut, classes),
    agreement: agreement(dense, cut, classes),
  };
}

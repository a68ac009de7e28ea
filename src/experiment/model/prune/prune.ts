import type { Device } from '../../../gpu/device.js';
import { foldBatchNorms } from '../../../graph/fold.js';
import type { Network } from '../../../graph/weights.js';
import { agreement, answersFrom, meanDivergence } from './answers.js';
import { cutUnits } from './cut-units.js';
import type { PruneEvent, PruneInput, PruneState, PruneSummary } from './events.js';
import { requireCriterionLabels } from './labels.js';
import { measureLatency } from './latency.js';
import { measureCurves } from './measure-curves.js';
import { type Pruning, preparePruning, startWalk, unitsInInference } from './pruning.js';
import { countedCost, requireReachable, shareOfUnits } from './share.js';

/**
 * Prunes a trained network to a budget, by pictures without labels. Each unit of channels is cut to
 * some of them and what reads it is fitted to them, so that the network goes on with what it had:
 * from the first unit to the last, each by what the network as cut so far makes of the pictures.
 *
 * Measured budgets first cut each unit alone and look how far the answers move.
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
  const { network: dense, calibration, options } = input;
  const start = performance.now();
  requireReachable(dense, options);
  requireCriterionLabels(calibration, options.criterion);
  const pruning = preparePruning(device, input, signal);
  const { units } = pruning;
  const widest = units.reduce((one, other) => (other.channels > one.channels ? other : one));
  if (calibration.count < widest.channels) {
    const { name: unit, channels } = widest;
    yield { type: 'few-images', images: calibration.count, unit, channels };
  }
  const cost =
    options.budget.of === 'milliseconds'
      ? yield* measureLatency(device, unitsInInference(pruning), signal)
      : countedCost(dense.graph, units, options.budget.of);
  // Before the curves: a budget out of reach needs none.
  shareOfUnits({ cost, units, options: { ...options, sharing: 'uniform' }, curves: [] });
  const curves =
    options.sharing === 'measured' ? yield* measureCurves(pruning, from?.curves ?? []) : [];
  const counts = shareOfUnits({ cost, units, options, curves });
  yield { type: 'budget', units: units.map(({ name }) => name), kept: counts };
  const measured = performance.now();
  const cut = yield* cutBesideDense(pruning, counts, from);
  const end = performance.now();
  const reached = cost(cut.units.map(({ kept }) => kept.length));
  const { of, share: asked } = options.budget;
  return {
    adapter: device.adapter,
    ...cut,
    curves,
    budget: { of, asked, reached: reached / cost(units.map(({ channels }) => channels)) },
    calibration: calibration.count,
    ...(await nearness(pruning, cut.network)),
    seconds: { curves: (measured - start) / 1000, cutting: (end - measured) / 1000 },
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

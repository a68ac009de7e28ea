import { throwIfAborted } from '../../../errors.js';
import type { Device } from '../../../gpu/device.js';
import { costOfKept } from '../../../graph/cost.js';
import { foldBatchNorms } from '../../../graph/fold.js';
import { inferShapes } from '../../../graph/shapes.js';
import { summarise } from '../../../graph/summary.js';
import type { Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { shareBudget } from '../../../prune/channels/budgets.js';
import { type ChannelRanking, rankChannels } from '../../../prune/channels/criteria.js';
import { shareEvenly } from '../../../prune/channels/uniform.js';
import { agreement, answersFrom, meanDivergence } from './answers.js';
import { positionOfUnit } from './consumers.js';
import { measureCurve } from './curve.js';
import { cutUnit, unitOfNetwork, unitWeights } from './cut-unit.js';
import type {
  PruneEvent,
  PruneInput,
  PruneOptions,
  PruneSummary,
  UnitCurve,
  UnitOutcome,
} from './events.js';
import { advanceFrontier, type Frontier, frontierOfPictures } from './frontier.js';
import { measureUnit, type UnitMeasurement } from './measure-unit.js';
import { chosenUnits, filtersOfUnit } from './units.js';

/** Calibration images by which the curves are measured at most: their mean settles soon. */
const CURVE_IMAGES = 128;

/** What a pruning has done already. */
export interface PruneState {
  readonly curves: readonly UnitCurve[];
  readonly units: readonly UnitOutcome[];
  /** The network as cut so far; as it came where no unit is cut. */
  readonly network?: Network;
}

/**
 * Prunes a trained network to a budget, by pictures without labels. Each unit of channels is cut to
 * some of them and what reads it is fitted to them, so that the network goes on with what it had:
 * from the first unit to the last, each by what the network as cut so far makes of the pictures.
 *
 * Measured budgets first cut each unit alone and look how far the answers move.
 *
 * @param from what an interrupted pruning of the same input had done.
 * @throws bad-config when the budget cannot be met; bad-network when nothing can be cut; bad-data for
 *   pictures that do not fit, or activations that are not finite; limit-exceeded; aborted.
 */
export async function* pruneNetwork(
  device: Device,
  input: PruneInput,
  { from, signal }: { readonly from?: PruneState; readonly signal?: AbortSignal } = {},
): AsyncGenerator<PruneEvent, PruneSummary> {
  const { network: dense, calibration, preprocessing, options } = input;
  const start = performance.now();
  requireReachable(dense, options);
  const units = chosenUnits(dense.graph, options.units);
  const folded = foldBatchNorms(dense);
  const pictures = () => frontierOfPictures(device, folded.graph, calibration, preprocessing);
  const context = { device, dense, folded, units, options, signal, pictures };
  const curves =
    options.sharing === 'measured' ? yield* measureCurves(context, from?.curves ?? []) : [];
  const counts = shareOfUnits(dense, units, options, curves);
  yield { type: 'budget', units: units.map(({ name }) => name), kept: counts };
  const measured = performance.now();
  const cut = yield* cutUnits(context, counts, from);
  const end = performance.now();
  using frontier = await pictures();
  const whole = await answersFrom(device, { network: folded, frontier }, calibration.count);
  const own = { network: foldBatchNorms(cut.network), frontier };
  const found = await answersFrom(device, own, calibration.count);
  const classes = whole.length / calibration.count;
  return {
    adapter: device.adapter,
    ...cut,
    curves,
    calibration: calibration.count,
    divergence: meanDivergence(whole, found, classes),
    agreement: agreement(whole, found, classes),
    seconds: { curves: (measured - start) / 1000, cutting: (end - measured) / 1000 },
  };
}

interface Context {
  readonly device: Device;
  /** The network as it came, and in inference form. */
  readonly dense: Network;
  readonly folded: Network;
  readonly units: readonly Unit[];
  readonly options: PruneOptions;
  readonly signal: AbortSignal | undefined;
  readonly pictures: () => Promise<Frontier>;
}

/** The curve of each unit, the others whole. */
async function* measureCurves(
  context: Context,
  known: readonly UnitCurve[],
): AsyncGenerator<PruneEvent, readonly UnitCurve[]> {
  const { device, dense, folded, units, options, signal, pictures } = context;
  const curves = new Map(known.map((curve) => [curve.unit, curve]));
  let frontier = await pictures();
  try {
    const images = frontier.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
    const whole = { network: folded, frontier };
    const all = await answersFrom(device, whole, Math.min(CURVE_IMAGES, images));
    const classes = inferShapes(folded.graph).get(folded.graph.output)?.channels ?? 1;
    const answers = all.subarray(0, Math.min(CURVE_IMAGES, images) * classes);
    for (const [done, { name }] of units.entries()) {
      if (curves.has(name)) continue;
      yield { type: 'progress', phase: 'curves', unit: name, share: done / units.length };
      const unit = unitOfNetwork(folded, name);
      frontier = await advance(context, folded, frontier, unit);
      const cut = { network: folded, frontier };
      const measurements = await measureUnit(device, { unit, cut, signal });
      const ranking = await rankUnit(context, dense, name, measurements);
      const { refit } = options;
      const request = { network: dense, unit: name, measurements, ranking, refit, frontier };
      const curve = await measureCurve(device, { ...request, answers, classes, signal });
      curves.set(name, curve);
      yield { type: 'curve', ...curve };
    }
  } finally {
    frontier[Symbol.dispose]();
  }
  return units.map(({ name }) => curves.get(name) as UnitCurve);
}

/**
 * Refuses, before any work, a budget that no cut meets.
 *
 * @throws bad-config saying the least that can be met; bad-network when nothing can be cut.
 */
export function requireReachable(network: Network, options: PruneOptions): void {
  const units = chosenUnits(network.graph, options.units);
  shareOfUnits(network, units, { ...options, sharing: 'uniform' }, []);
}

/** How many channels of each unit stay. */
function shareOfUnits(
  { graph }: Network,
  units: readonly Unit[],
  { budget, sharing, least, roundTo }: PruneOptions,
  curves: readonly UnitCurve[],
): readonly number[] {
  const costOf = costOfKept(graph, units);
  const cost = (kept: readonly number[]) => costOf(kept)[budget.of];
  const channels = units.map((unit) => unit.channels);
  const limits = { cost, budget: budget.share * summarise(graph)[budget.of], least, roundTo };
  return sharing === 'measured'
    ? shareBudget({ curves, ...limits })
    : shareEvenly({ channels, ...limits });
}

/** Cuts one unit after the other, each by the network as cut so far. */
async function* cutUnits(
  context: Context,
  counts: readonly number[],
  from: PruneState | undefined,
): AsyncGenerator<PruneEvent, Pick<PruneSummary, 'network' | 'units'>> {
  const { device, dense, folded, units, options, signal, pictures } = context;
  const outcomes = [...(from?.units ?? [])];
  let network = from?.network ?? dense;
  let own = await pictures();
  let whole: Frontier | undefined;
  let touched = outcomes.some(({ kept, channels }) => kept.length < channels);
  try {
    whole = await pictures();
    for (const [done, { name, channels }] of units.entries()) {
      if (outcomes.some(({ unit }) => unit === name)) continue;
      yield { type: 'progress', phase: 'cutting', unit: name, share: done / units.length };
      const count = counts[done] as number;
      const inference = foldBatchNorms(network);
      const unit = unitOfNetwork(inference, name);
      if (touched || count < channels) {
        own = await advance(context, inference, own, unit);
        whole = await advance(context, folded, whole, unit);
        const reference = touched ? { network: folded, frontier: whole } : undefined;
        const cut = { network: inference, frontier: own };
        const request = { unit, cut, dense: reference, signal };
        const measurements = await measureUnit(device, request);
        const ranking = await rankUnit(context, network, name, measurements);
        const { refit } = options;
        const result = cutUnit(network, { unit: name, measurements, ranking, count, refit });
        network = result.network;
        touched = true;
        outcomes.push({ unit: name, channels, kept: result.kept, loss: result.loss });
      } else {
        const kept = Array.from({ length: channels }, (_, channel) => channel);
        outcomes.push({ unit: name, channels, kept, loss: 0 });
      }
      yield { type: 'unit', network, ...(outcomes.at(-1) as UnitOutcome) };
    }
  } finally {
    own[Symbol.dispose]();
    whole?.[Symbol.dispose]();
  }
  return { network, units: outcomes };
}

async function advance(
  { device, signal }: Context,
  network: Network,
  frontier: Frontier,
  unit: Unit,
): Promise<Frontier> {
  throwIfAborted(signal);
  const position = positionOfUnit(network.graph, unit);
  return advanceFrontier(device, { network, frontier }, { position, signal });
}

function rankUnit(
  { device, options, signal }: Context,
  network: Network,
  name: string,
  measurements: readonly UnitMeasurement[],
): Promise<ChannelRanking> {
  return rankChannels(
    device,
    options.criterion,
    {
      consumers: measurements.map(({ statistics }) => statistics),
      weights: measurements.map(({ weights, rows, statistics }) =>
        unitWeights(weights, rows, statistics.outputs),
      ),
      ...filtersOfUnit(network, unitOfNetwork(network, name)),
      seed: options.seed,
    },
    signal,
  );
}

import { foldBatchNorms } from '../../../graph/fold.js';
import type { Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { calibrationAccuracy, cutToTolerance } from './accuracy-stop.js';
import { cutUnit, unitOfNetwork } from './cut-unit.js';
import type { PruneEvent, PruneState, UnitOutcome } from './events.js';
import type { Calibrated } from './frontier.js';
import { measureUnit, type UnitMeasurement } from './measure-unit.js';
import {
  type Pruning,
  rankUnit,
  sampledPositions,
  startWalk,
  unitsInInference,
} from './pruning.js';
import { trainBetween } from './train-between.js';

export interface UnitCuts {
  /** Channels that stay, of each unit: at most, where a tolerance decides. */
  readonly counts: readonly number[];
  /** The dense network with the images where a unit's consumers give their answer, or before that. */
  readonly dense: (unit: string) => Promise<Calibrated>;
  /** The statistics of a unit before which nothing is cut, where they are known. */
  readonly untouched?: ((unit: string) => readonly UnitMeasurement[]) | undefined;
  readonly from?: PruneState | undefined;
}

/** Cuts one unit after the other, each by the network as cut so far. */
export async function* cutUnits(
  pruning: Pruning,
  { counts, dense: denseAt, untouched, from }: UnitCuts,
): AsyncGenerator<
  PruneEvent,
  { readonly network: Network; readonly units: readonly UnitOutcome[] }
> {
  const { device, dense, units, input, options, signal } = pruning;
  const { refit, layerTolerance: tolerance, seed } = options;
  const { between, preprocessing } = input;
  const outcomes = [...(from?.units ?? [])];
  let network = from?.network ?? dense;
  let touched = outcomes.some(({ kept, channels }) => kept.length < channels);
  const inDense = unitsInInference(pruning).units;
  using walk = await startWalk(pruning);
  const accuracyOf = (own: Network) => calibrationAccuracy(pruning, walk.at(foldBatchNorms(own)));
  const accuracyOfDense = tolerance === undefined ? 0 : await accuracyOf(dense);
  const placeAt = (name: string) => walk.to(foldBatchNorms(network), name);
  const measure = async (name: string) => {
    const cut = await placeAt(name);
    // What has been trained on gives what it should: what lies behind is trained to it.
    const reference = touched && !between ? await denseAt(name) : undefined;
    const unit = unitOfNetwork(cut.network, name);
    const cutChannels = (map: string) => channelsCut(map, inDense, outcomes);
    const sampled = sampledPositions(pruning);
    return measureUnit(device, { unit, cut, dense: reference, cutChannels, sampled, signal });
  };
  for (const [done, { name, channels }] of units.entries()) {
    if (outcomes.some(({ unit }) => unit === name)) continue;
    yield { type: 'progress', phase: 'cutting', unit: name, share: done / units.length };
    const count = counts[done] as number;
    if (touched || count < channels || tolerance !== undefined) {
      const measurements = (!touched && untouched?.(name)) || (await measure(name));
      for (const { reading, positions: own } of measurements) {
        if (!own || reading.group.index > 0) continue;
        const { sample: _, ...plan } = own;
        yield { type: 'positions', node: reading.node, ...plan };
      }
      const request = { unit: name, network, measurements, count, place: () => placeAt(name) };
      const result =
        tolerance === undefined
          ? cutUnit(network, { ...request, ranking: await rankUnit(pruning, request), refit })
          : await cutToTolerance(pruning, request, { tolerance, accuracyOfDense, accuracyOf });
      network = result.network;
      touched = true;
      outcomes.push({ unit: name, channels, kept: result.kept, loss: result.loss() });
      if (between && result.kept.length < channels && done + 1 < units.length) {
        const share = done / units.length;
        const from = { network, unit: name, between, preprocessing, seed, share, signal };
        network = yield* trainBetween(device, from);
        await walk.restart();
      }
    } else {
      const kept = Array.from({ length: channels }, (_, channel) => channel);
      outcomes.push({ unit: name, channels, kept, loss: 0 });
    }
    yield { type: 'unit', network, ...(outcomes.at(-1) as UnitOutcome) };
  }
  return { network, units: outcomes };
}

/** Which channels of a map of the dense network are cut already. */
function channelsCut(
  map: string,
  inDense: readonly Unit[],
  outcomes: readonly UnitOutcome[],
): ReadonlySet<number> {
  const cut = new Set<number>();
  for (const { unit, kept } of outcomes) {
    const own = inDense.find(({ name }) => name === unit)?.maps.find(({ node }) => node === map);
    const stays = new Set(kept);
    for (const [channel, places] of (own?.places ?? []).entries()) {
      if (!stays.has(channel)) for (const place of places) cut.add(place);
    }
  }
  return cut;
}

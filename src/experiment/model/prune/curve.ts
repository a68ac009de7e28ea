import { throwIfAborted } from '../../../errors.js';
import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import type { ChannelRanking } from '../../../prune/channels/criteria.js';
import { channelsOfUnit } from '../../../prune/channels/statistics.js';
import { answersFrom, meanDivergence } from './answers.js';
import { cutUnit } from './cut-unit.js';
import type { Refit, UnitCurve } from './events.js';
import type { Frontier } from './frontier.js';
import type { UnitMeasurement } from './measure-unit.js';

/** Shares of a unit's channels at which the answers' divergence is measured. */
const LEVELS = [1 / 16, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4, 7 / 8];

export interface CurveRequest {
  /** In inference form: so nothing is folded anew for each number of channels. */
  readonly network: Network;
  readonly unit: string;
  readonly measurements: readonly UnitMeasurement[];
  readonly ranking: ChannelRanking;
  readonly refit: Refit;
  readonly frontier: Frontier;
  /** The dense network's logits for the first images [images × classes]. */
  readonly answers: Float32Array;
  readonly classes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * How far the answers move when this unit alone is cut, at some numbers of its channels. Only the
 * network from the unit on is computed.
 */
export async function measureCurve(device: Device, request: CurveRequest): Promise<UnitCurve> {
  const { network, unit, measurements, ranking, refit, frontier, answers, classes } = request;
  const channels = channelsOfUnit(measurements.map(({ statistics }) => statistics));
  const kept = countsOfCurve(channels);
  const divergence: number[] = [];
  for (const count of kept) {
    const cut = cutUnit(network, { unit, measurements, ranking, count, refit }).network;
    const found = await answersFrom(device, { network: cut, frontier }, answers.length / classes);
    divergence.push(meanDivergence(answers, found, classes));
    throwIfAborted(request.signal);
  }
  return { unit, channels, kept, divergence };
}

/** The numbers of channels at which the curve of a unit is measured, ascending. */
export function countsOfCurve(channels: number): readonly number[] {
  const counts = LEVELS.map((level) => Math.max(1, Math.round(level * channels)));
  return [...new Set(counts)].filter((count) => count < channels);
}

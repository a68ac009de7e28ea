import type { AnyPictures, Preprocessing } from '../../../data/pictures.js';
import { heldPictures } from '../../../data/read-ahead.js';
import type { Device } from '../../../gpu/device.js';
import type { Network } from '../../../graph/weights.js';
import { relayed } from '../../relay.js';
import { type EvaluateSummary, evaluateModel } from '../evaluate.js';
import { drawCalibration } from './calibration.js';
import { type PruneConfig, pruneOptions } from './config.js';
import type { PruneEvent, PruneState, PruneSummary } from './events.js';
import { type FineTuneProgress, fineTune, type TunedName } from './fine-tune.js';
import { requireLabels } from './labels.js';
import { pruneNetwork } from './prune.js';
import { stepsBetween } from './train-between.js';

/** A trained network and the pictures that it is pruned and measured with. */
export interface PruneModelInput {
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** Pictures that calibrate, drawn from these; all of them are what fine-tuning learns from. */
  readonly train: AnyPictures;
  /** Pictures that only measure. */
  readonly test: AnyPictures;
  readonly config: PruneConfig;
  /** What an interrupted pruning of the same had done. */
  readonly from?: PruneState;
}

/** What a pruning with its measurements tells on its way. */
export type PruneModelEvent =
  | PruneEvent
  | FineTuneProgress
  | {
      readonly type: 'progress';
      readonly phase: 'measuring';
      readonly unit: string;
      readonly share: number;
    }
  /** The dense network, measured before anything is cut. */
  | { readonly type: 'dense'; readonly figures: EvaluateSummary };

/** A pruning's networks, measured side by side. */
export interface PruneModelSummary extends Omit<PruneSummary, 'network'> {
  /** The pruned network, fine-tuned where that was asked for. */
  readonly network: Network;
  readonly dense: EvaluateSummary;
  readonly pruned: EvaluateSummary;
  /** Of the pruned network after fine-tuning. */
  readonly fineTuned?: EvaluateSummary;
  /** Of the dense one trained on for as long, and of one like the pruned trained from scratch. */
  readonly denseFineTuned?: EvaluateSummary;
  readonly fromScratch?: EvaluateSummary;
}

/**
 * Prunes a trained network and measures it before and after: multiply-adds, parameters, milliseconds
 * a picture, right answers where there are labels. Pictures that calibrate need no labels.
 *
 * @throws bad-config, bad-network, bad-data, limit-exceeded, diverged, aborted as `pruneNetwork`,
 *   `trainNetwork` and `evaluateModel` do.
 */
export async function* pruneModel(
  device: Device,
  { network, preprocessing, train, test, config, from }: PruneModelInput,
  signal?: AbortSignal,
): AsyncGenerator<PruneModelEvent, PruneModelSummary> {
  requireLabels(train, config);
  const measure = (own: Network, what: string) =>
    relayed(
      evaluateModel(device, { network: own, pictures: test, preprocessing }, signal),
      ({ done, total }): PruneModelEvent => ({
        type: 'progress',
        phase: 'measuring',
        unit: what,
        share: done / total,
      }),
    );
  const dense = yield* measure(network, 'dense');
  yield { type: 'dense', figures: dense };
  const calibration = await heldPictures(drawCalibration(config, train));
  const input = {
    network,
    calibration,
    preprocessing,
    options: pruneOptions(config),
    ...(config.trainBetween > 0 && {
      between: { pictures: train, epochs: config.trainBetween, learningRate: config.learningRate },
    }),
  };
  const cut = yield* pruneNetwork(device, input, {
    ...(from && { from }),
    ...(signal && { signal }),
  });
  const pruned = yield* measure(cut.network, 'pruned');
  if (config.fineTune === 0) return { ...cut, dense, pruned };
  const figures = new Map<TunedName, EvaluateSummary>();
  let result = cut.network;
  // Behind the last unit nothing is trained, nor behind one that keeps all of its channels.
  const trained = cut.units.slice(0, -1).filter(({ kept, channels }) => kept.length < channels);
  const tuning = {
    ...{ pruned: cut.network, dense: network, preprocessing, pictures: train, config },
    stepsBetween: input.between ? trained.length * stepsBetween(input.between) : 0,
  };
  for await (const event of fineTune(device, tuning, signal)) {
    if ('type' in event) yield event;
    else {
      if (event.name === 'pruned') result = event.network;
      figures.set(event.name, yield* measure(event.network, `${event.name}, trained`));
    }
  }
  const fineTuned = figures.get('pruned');
  const denseFineTuned = figures.get('dense');
  const fromScratch = figures.get('from scratch');
  return {
    ...cut,
    network: result,
    dense,
    pruned,
    ...(fineTuned && { fineTuned }),
    ...(denseFineTuned && { denseFineTuned }),
    ...(fromScratch && { fromScratch }),
  };
}

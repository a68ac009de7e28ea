import { extractSubnetwork } from '../models/subnetwork.js';
import { readParameters, type TwoLayerNetwork, uploadTwoLayer } from '../models/two-layer.js';
import { divergence } from '../train/gradient-descent.js';
import { type Experiment, fineTuning, pretraining, train, uploadFirst } from './experiment.js';
import { runTheory } from './guarantee.js';
import { relayed } from './relay.js';
import type { RunConfig } from './run-config.js';
import {
  type Figures,
  progressEvent,
  type RunCheckpoint,
  type RunEvent,
  type RunSummary,
} from './run-events.js';
import { choiceFigures, networkFigures } from './run-figures.js';
import { pickFrom } from './select.js';

/** What pruning at a checkpoint adds to the summary. */
export type Pruned = Pick<RunSummary, 'dense' | 'subnetwork' | 'theory' | 'fineTuned'>;

/** Prunes at a checkpoint, and fine-tunes what is left. */
export async function* pruneAt(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  { iteration, network: parameters, figures: dense }: RunCheckpoint,
): AsyncGenerator<RunEvent, Pruned> {
  const { config, device } = experiment;
  const { method, picks } = config;
  const clock = performance.now();
  const total = method === 'scratch' ? iteration : picks;
  const progress = (done: number) => progressEvent({ phase: 'prune', iteration, done, total });
  yield progress(0);
  const { trainingLoss } = dense;
  const selection =
    method === 'scratch'
      ? undefined
      : yield* relayed(
          pickFrom(
            experiment,
            { network, parameters, iteration, trainingLoss },
            { ...config, method },
          ),
          progress,
        );
  using small = selection
    ? uploadTwoLayer(device, extractSubnetwork(parameters, selection.kept, selection.finalShares))
    : uploadFirst(experiment, { ...network, width: picks });
  if (!selection) {
    const training = train(experiment, small, { options: pretraining(config), until: iteration });
    yield* relayed(training, ({ iteration: done }) => progress(done));
  }
  const seconds = (performance.now() - clock) / 1000;
  const figures = await networkFigures(experiment, small, seconds);
  yield {
    type: 'subnetwork',
    iteration,
    network: await readParameters(small),
    figures,
    ...(selection && { selection }),
  };
  return {
    dense,
    subnetwork: { ...figures, ...choiceFigures(config, selection) },
    theory:
      selection && iteration === config.iterations
        ? await runTheory(experiment, network, selection.loss)
        : { missing: 'nothing was selected' },
    fineTuned: config.fineTune > 0 ? yield* fineTune(experiment, small, iteration) : undefined,
  };
}

async function* fineTune(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  iteration: number,
): AsyncGenerator<RunEvent, Figures> {
  const { config } = experiment;
  const { fineTune: steps } = config;
  const clock = performance.now();
  const options = fineTuning(config);
  const of = { phase: 'fine-tune', iteration, total: steps } as const;
  yield* relayed(
    train(experiment, network, { options, until: steps }),
    ({ iteration: done, minibatchLoss }) => progressEvent({ ...of, done, minibatchLoss }),
  );
  const seconds = (performance.now() - clock) / 1000;
  const figures = await networkFigures(experiment, network, seconds);
  if (!Number.isFinite(figures.trainingLoss)) throw divergence(steps, options);
  yield { type: 'fine-tuned', iteration, network: await readParameters(network), figures };
  return figures;
}

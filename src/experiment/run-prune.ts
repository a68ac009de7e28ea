import { extractSubnetwork } from '../models/subnetwork.js';
import { readParameters, type TwoLayerNetwork, uploadTwoLayer } from '../models/two-layer.js';
import { divergence } from '../train/gradient-descent.js';
import { trainAlike, trainOn } from './controls.js';
import { type Experiment, fineTuning, pretraining, train, uploadFirst } from './experiment.js';
import { runTheory } from './guarantee.js';
import { refitNetwork } from './refit.js';
import { relayed } from './relay.js';
import type { RunConfig } from './run-config.js';
import {
  type ControlName,
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
    : await uploadFirst(experiment, { ...network, width: picks });
  if (!selection) {
    const training = train(experiment, small, { options: pretraining(config), until: iteration });
    yield* relayed(training, ({ iteration: done }) => progress(done));
  }
  if (config.refit !== 'none') await refitNetwork(experiment, small, config.refit);
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
  const of = { phase: 'fine-tune', iteration, total: steps } as const;
  yield* relayed(trainOn(experiment, network), ({ iteration: done, minibatchLoss }) =>
    progressEvent({ ...of, done, minibatchLoss }),
  );
  const seconds = (performance.now() - clock) / 1000;
  return yield* finished(experiment, network, { type: 'fine-tuned', iteration, seconds });
}

/**
 * Trains what the last subnetwork is compared with: the dense network, in place, by the steps of
 * fine-tuning, and one of the subnetwork's width from its first weights on by all steps.
 */
export async function* trainControls(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  width: number,
): AsyncGenerator<RunEvent, Pick<RunSummary, 'denseFineTuned' | 'fromScratch'>> {
  const { method, iterations: iteration, fineTune: steps } = experiment.config;
  const all = iteration + steps;
  const scratch = method !== 'scratch' && all > 0;
  const of = { phase: 'controls', iteration, total: steps + (scratch ? all : 0) } as const;
  let clock = performance.now();
  const seconds = () => (performance.now() - clock) / 1000;
  let denseFineTuned: Figures | undefined;
  if (steps > 0) {
    yield* relayed(trainOn(experiment, network), ({ iteration: done, minibatchLoss }) =>
      progressEvent({ ...of, done, minibatchLoss }),
    );
    const control = { type: 'dense-fine-tuned', iteration, seconds: seconds() } as const;
    denseFineTuned = yield* finished(experiment, network, control);
  }
  if (!scratch) return { ...(denseFineTuned && { denseFineTuned }) };
  clock = performance.now();
  using small = await uploadFirst(experiment, { ...network, width });
  yield* relayed(trainAlike(experiment, small, iteration), ({ iteration: done, minibatchLoss }) =>
    progressEvent({ ...of, done: steps + done, minibatchLoss }),
  );
  const control = { type: 'from-scratch', iteration, seconds: seconds() } as const;
  const fromScratch = yield* finished(experiment, small, control);
  return { ...(denseFineTuned && { denseFineTuned }), fromScratch };
}

/** Measures a network whose training has ended, and tells of it. */
async function* finished(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  {
    seconds,
    ...event
  }: {
    readonly type: 'fine-tuned' | ControlName;
    readonly iteration: number;
    readonly seconds: number;
  },
): AsyncGenerator<RunEvent, Figures> {
  const { config } = experiment;
  const figures = await networkFigures(experiment, network, seconds);
  if (!Number.isFinite(figures.trainingLoss)) {
    throw divergence(config.fineTune, fineTuning(config));
  }
  yield { ...event, network: await readParameters(network), figures };
  return figures;
}

import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { BYTES } from '../gpu/matrix.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  flopsPerExample,
  type Network,
  parameterCount,
  readParameters,
  uploadNetwork,
} from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import { advance, divergence, startTraining, type Training } from '../train/gradient-descent.js';
import { networkShape } from './examples.js';
import {
  type Experiment,
  fineTuning,
  measure,
  openExperiment,
  pretraining,
  train,
  uploadFirst,
} from './experiment.js';
import { runTheory } from './guarantee.js';
import { rulesOf } from './refusals.js';
import { relayed } from './relay.js';
import { requireGoesOn } from './resume.js';
import type { RunConfig } from './run-config.js';
import { checkpointIterations } from './run-config.js';
import type {
  ChoiceFigures,
  Figures,
  RunCheckpoint,
  RunEvent,
  RunInput,
  RunProgress,
  RunSummary,
} from './run-events.js';
import { pickFrom } from './select.js';
import { requireFits } from './size-limits.js';
import { readState } from './state.js';

type Run = Experiment<RunConfig>;

/**
 * Runs one network from its first weights to its fine-tuned subnetwork and yields what happens.
 * Weights come with the events, as arrays on the CPU; nothing is written anywhere.
 *
 * Given `from` it goes on there: it yields what an uninterrupted run yields from that checkpoint
 * on, the checkpoint included, to the bit on the same adapter.
 *
 * A run that is aborted while it trains yields where it stood as a last checkpoint.
 *
 * @throws bad-config when it cannot go on from `from`; limit-exceeded before anything is
 *   allocated that is too large; diverged, aborted, device-lost and out-of-memory as they happen.
 */
export async function* run(
  device: Device,
  { config, examples, from }: RunInput,
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, RunSummary> {
  const start = performance.now();
  requireFits(device, { ...config, rules: rulesOf(config) }, examples.train);
  const shape = networkShape(config, examples);
  if (from) requireGoesOn(config, shape, from);
  device.resetPeak();
  const bytesBefore = device.liveBytes;
  using experiment = await openExperiment(device, config, examples, signal);
  const data = device.liveBytes - bytesBefore;
  using network = uploadNetwork(device, from?.network ?? drawParameters(shape, config.seed));
  using training = startTraining(network, experiment.train, pretraining(config), from);
  const memory = { data, network: device.liveBytes - bytesBefore - data };

  const { iteration: begun } = training;
  const checkpoints = checkpointIterations(config.iterations, config.pruneEvery).filter(
    (iteration) => iteration >= begun,
  );
  yield { type: 'started', adapter: device.adapter, iteration: begun, checkpoints };
  let seconds = from?.figures?.seconds ?? 0;
  let last: Pruned | undefined;
  for (const iteration of checkpoints) {
    const checkpoint = yield* trainTo(experiment, training, iteration, seconds);
    yield checkpoint;
    seconds = checkpoint.figures.seconds;
    if (config.pruneEvery === 0 && iteration < config.iterations) continue;
    last = yield* prune(experiment, network, checkpoint);
  }
  if (!last) throw new RangeError('A run without a checkpoint to prune at.');
  return {
    adapter: device.adapter,
    iterations: config.iterations,
    ...last,
    memory: {
      ...memory,
      activations: examples.train.count * config.width * BYTES[config.storage],
      peak: device.peakBytes - bytesBefore,
    },
    seconds: (performance.now() - start) / 1000,
  };
}

/**
 * Trains to an iteration, and gives the checkpoint there.
 *
 * @param before seconds of the pre-training so far.
 */
async function* trainTo(
  experiment: Run,
  training: Training,
  iteration: number,
  before: number,
): AsyncGenerator<RunEvent, RunCheckpoint> {
  const { config, signal } = experiment;
  const { iteration: begun } = training;
  const clock = performance.now();
  const secondsSoFar = () => before + (performance.now() - clock) / 1000;
  const of = { phase: 'pre-train', iteration: begun, total: config.iterations } as const;
  try {
    for await (const { iteration: done, minibatchLoss } of advance(training, iteration, signal)) {
      yield progressEvent({ ...of, done, minibatchLoss });
    }
  } catch (error) {
    const stopped = error instanceof EspalierError && error.code === 'aborted';
    if (!stopped || training.iteration === begun) throw error;
    // Who stops a run loses none of its steps.
    const unstopped = { ...experiment, signal: undefined };
    const last = await measuredCheckpoint(unstopped, training, secondsSoFar());
    if (Number.isFinite(last.figures.trainingLoss)) yield last;
    throw error;
  }
  const checkpoint = await measuredCheckpoint(experiment, training, secondsSoFar());
  if (Number.isFinite(checkpoint.figures.trainingLoss)) return checkpoint;
  throw divergence(iteration, config);
}

/** The network as it is, how good it is, and all that it takes to go on from there. */
async function measuredCheckpoint(
  experiment: Run,
  training: Training,
  seconds: number,
): Promise<RunCheckpoint> {
  const figures = await figuresOf(experiment, training.network, seconds);
  return { type: 'checkpoint', ...(await readState(training)), figures };
}

/** What pruning at a checkpoint adds to the summary. */
type Pruned = Pick<RunSummary, 'dense' | 'subnetwork' | 'theory' | 'fineTuned'>;

async function* prune(
  experiment: Run,
  network: Network,
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
    ? uploadNetwork(device, extractSubnetwork(parameters, selection.kept, selection.finalShares))
    : uploadFirst(experiment, { ...network, width: picks });
  if (!selection) {
    const training = train(experiment, small, { options: pretraining(config), until: iteration });
    yield* relayed(training, ({ iteration: done }) => progress(done));
  }
  const seconds = (performance.now() - clock) / 1000;
  const figures = await figuresOf(experiment, small, seconds);
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
  experiment: Run,
  network: Network,
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
  const figures = await figuresOf(experiment, network, seconds);
  if (!Number.isFinite(figures.trainingLoss)) throw divergence(steps, options);
  yield { type: 'fine-tuned', iteration, network: await readParameters(network), figures };
  return figures;
}

async function figuresOf(experiment: Run, network: Network, seconds: number): Promise<Figures> {
  const { train, test } = await measure(experiment, network);
  return {
    width: network.width,
    parameters: parameterCount(network),
    flopsPerExample: flopsPerExample(network),
    trainingLoss: train.loss,
    trainingAccuracy: train.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    seconds,
  };
}

function choiceFigures({ method, rule }: RunConfig, selection?: MethodSelection): ChoiceFigures {
  return {
    method,
    ...(selection && { rule: method === 'greedy' ? rule : 'average' }),
    picks: selection?.selected.length ?? 0,
    passes: selection?.passes ?? 0,
    stopped: selection?.stopped ?? 'count',
    ...(selection?.plan && { plan: selection.plan }),
  };
}

function progressEvent({
  minibatchLoss,
  ...progress
}: Omit<RunProgress, 'type' | 'minibatchLoss'> & {
  readonly minibatchLoss?: number | undefined;
}): RunProgress {
  return { type: 'progress', ...progress, ...(minibatchLoss !== undefined && { minibatchLoss }) };
}

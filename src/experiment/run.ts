import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { BYTES } from '../gpu/matrix.js';
import { uploadTwoLayer } from '../models/two-layer.js';
import { advance, divergence, startTraining, type Training } from '../train/gradient-descent.js';
import { networkShape } from './examples.js';
import { type Experiment, openExperiment, pretraining, uploadFirst } from './experiment.js';
import { requireGoesOn } from './resume.js';
import { checkpointIterations, type RunConfig } from './run-config.js';
import {
  progressEvent,
  type RunCheckpoint,
  type RunEvent,
  type RunInput,
  type RunSummary,
} from './run-events.js';
import { networkFigures } from './run-figures.js';
import { type Pruned, pruneAt, trainControls } from './run-prune.js';
import { requireFits } from './size-limits.js';
import { readState } from './state.js';

/**
 * Runs one network from its first weights to its fine-tuned subnetwork and yields what happens.
 * Weights come with the events, as arrays on the CPU; nothing is written anywhere.
 *
 * Given `from`, it goes on there. It yields what an uninterrupted run yields from that checkpoint
 * on, the checkpoint included; on the same adapter, to the bit.
 *
 * A run that is aborted while it trains yields where it stood, as the event `interrupted`.
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
  requireFits(device, { ...config, rules: [config.rule] }, examples.train);
  const shape = networkShape(config, examples);
  if (from) requireGoesOn(config, shape, from);
  device.resetPeak();
  const bytesBefore = device.liveBytes;
  using experiment = await openExperiment(device, config, examples, signal);
  const data = device.liveBytes - bytesBefore;
  using network = from
    ? uploadTwoLayer(device, from.network)
    : await uploadFirst(experiment, shape);
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
    last = yield* pruneAt(experiment, network, checkpoint);
  }
  if (!last) throw new RangeError('A run without a checkpoint to prune at.');
  const { width } = last.subnetwork;
  const controls = config.controls ? yield* trainControls(experiment, network, width) : {};
  return {
    adapter: device.adapter,
    iterations: config.iterations,
    ...last,
    ...controls,
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
  experiment: Experiment<RunConfig>,
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
    // A run that is stopped loses none of its steps. Measured they are not: that takes a wide network longer
    // than anyone waits.
    const state = await readState(training);
    const { hidden, output } = state.network;
    if (hidden.every(Number.isFinite) && output.every(Number.isFinite)) {
      yield { type: 'interrupted', ...state, figures: { seconds: secondsSoFar() } };
    }
    throw error;
  }
  const checkpoint = await measuredCheckpoint(experiment, training, secondsSoFar());
  if (Number.isFinite(checkpoint.figures.trainingLoss)) return checkpoint;
  throw divergence(iteration, config);
}

/** The network as it is, how good it is, and all that it takes to go on from there. */
async function measuredCheckpoint(
  experiment: Experiment<RunConfig>,
  training: Training,
  seconds: number,
): Promise<RunCheckpoint> {
  const figures = await networkFigures(experiment, training.network, seconds);
  return { type: 'checkpoint', ...(await readState(training)), figures };
}

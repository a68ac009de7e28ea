import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { BYTES } from '../gpu/matrix.js';
import type { Dataset } from '../models/dataset.js';
import { evaluate } from '../models/forward.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  flopsPerExample,
  type Network,
  type Parameters,
  parameterCount,
  readParameters,
  uploadNetwork,
} from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import {
  advance,
  divergence,
  type Rate,
  readTrainingState,
  startTraining,
  type Training,
} from '../train/gradient-descent.js';
import { chooseNeurons, trainFromScratch } from './choose.js';
import { networkShape, uploadImages } from './examples.js';
import { runTheory } from './guarantee.js';
import { rulesOf } from './refusals.js';
import { relayed } from './relayed.js';
import { requireGoesOn } from './resume.js';
import { fineTuneRate, type RunConfig } from './run-config.js';
import type {
  ChoiceFigures,
  Figures,
  Phase,
  RunEvent,
  RunInput,
  RunSummary,
} from './run-events.js';
import { checkpointIterations } from './schedule.js';
import { requireFits } from './size-limits.js';

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
  const shape = networkShape(config, config, examples);
  if (from) requireGoesOn(config, shape, from);
  device.resetPeak();
  const bytesBefore = device.liveBytes;
  // Each of these takes a processor tens of milliseconds: in the waits a page draws its frames.
  await device.idle();
  using train = uploadImages(device, 'training', examples.train, config.task);
  await device.idle();
  using test = uploadImages(device, 'test', examples.test, config.task);
  const dataBytes = device.liveBytes - bytesBefore;
  await device.idle();
  using network = uploadNetwork(device, from?.network ?? drawParameters(shape, config.seed));
  const { batch, learningRate, momentum, loss, seed } = config;
  const options = { batch, learningRate, momentum, loss, seed };
  using training = startTraining(network, train, options, from);
  const networkBytes = device.liveBytes - bytesBefore - dataBytes;
  const context: Context = { config, train, test, signal };

  const { iteration: begun } = training;
  const checkpoints = checkpointIterations(config.iterations, config.pruneEvery).filter(
    (iteration) => iteration >= begun,
  );
  yield { type: 'started', adapter: device.adapter, iteration: begun, checkpoints };
  let seconds = from?.figures?.seconds ?? 0;
  let last: Omit<RunSummary, 'adapter' | 'iterations' | 'memory' | 'seconds'> | undefined;
  for (const iteration of checkpoints) {
    const clock = performance.now();
    const before = training.iteration;
    try {
      for await (const progress of advance(training, iteration, signal)) {
        yield progressEvent(
          'pre-train',
          before,
          progress.iteration,
          config.iterations,
          progress.minibatchLoss,
        );
      }
    } catch (error) {
      const stopped = error instanceof EspalierError && error.code === 'aborted';
      if (!stopped || training.iteration === before) throw error;
      // Who stops a run loses none of its steps.
      seconds += (performance.now() - clock) / 1000;
      const last = await measuredCheckpoint({ ...context, signal: undefined }, training, seconds);
      if (Number.isFinite(last.figures.trainingLoss)) yield last;
      throw error;
    }
    seconds += (performance.now() - clock) / 1000;
    const checkpoint = await measuredCheckpoint(context, training, seconds);
    const { network: parameters, figures: dense } = checkpoint;
    requireFinite(dense.trainingLoss, iteration, { learningRate });
    yield checkpoint;
    if (config.pruneEvery === 0 && iteration < config.iterations) continue;
    last = { dense, ...(yield* prune(context, network, parameters, dense, iteration)) };
  }
  if (!last) throw new RangeError('A run without a checkpoint to prune at.');
  return {
    adapter: device.adapter,
    iterations: config.iterations,
    ...last,
    memory: {
      data: dataBytes,
      network: networkBytes,
      activations: examples.train.count * config.width * BYTES[config.storage],
      peak: device.peakBytes - bytesBefore,
    },
    seconds: (performance.now() - start) / 1000,
  };
}

interface Context {
  readonly config: RunConfig;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly signal: AbortSignal | undefined;
}

async function* prune(
  context: Context,
  network: Network,
  parameters: Parameters,
  { trainingLoss }: Figures,
  iteration: number,
): AsyncGenerator<RunEvent, Pick<RunSummary, 'subnetwork' | 'fineTuned' | 'theory'>> {
  const { config, train, signal } = context;
  const { method, rule } = config;
  const dense = { network, train, trainingLoss, iteration };
  const clock = performance.now();
  yield progressEvent('prune', iteration, 0, method === 'scratch' ? iteration : config.picks);
  let selection: MethodSelection | undefined;
  let subnetwork: Parameters;
  if (method === 'scratch') {
    subnetwork = yield* relayed(
      trainFromScratch(dense, config, iteration, signal),
      ({ iteration: done }) => progressEvent('prune', iteration, done, iteration),
    );
  } else {
    selection = yield* relayed(chooseNeurons(dense, method, config, signal), (picks) =>
      progressEvent('prune', iteration, picks, config.picks),
    );
    subnetwork = extractSubnetwork(parameters, selection.kept, selection.finalShares);
  }
  const seconds = (performance.now() - clock) / 1000;
  using small = uploadNetwork(network.device, subnetwork);
  const figures = await measure(context, small, seconds);
  yield {
    type: 'subnetwork',
    iteration,
    network: subnetwork,
    figures,
    ...(selection && { selection }),
  };
  const choice: ChoiceFigures = {
    method,
    ...(selection && { rule: method === 'greedy' ? rule : 'average' }),
    picks: selection?.selected.length ?? 0,
    passes: selection?.passes ?? 0,
    stopped: selection?.stopped ?? 'count',
    ...(selection?.plan && { plan: selection.plan }),
  };
  const theory =
    selection && iteration === config.iterations
      ? await runTheory(dense, config, selection.loss, signal)
      : { missing: 'nothing was selected' };
  return {
    subnetwork: { ...figures, ...choice },
    theory,
    fineTuned: config.fineTune > 0 ? yield* fineTune(context, small, iteration) : undefined,
  };
}

async function* fineTune(
  context: Context,
  network: Network,
  iteration: number,
): AsyncGenerator<RunEvent, Figures> {
  const { config, train, signal } = context;
  const { batch, momentum, loss, seed, fineTune: steps } = config;
  const clock = performance.now();
  const options = {
    batch,
    learningRate: fineTuneRate(config),
    momentum,
    loss,
    seed,
    purpose: 'fine-tuning batches',
    rateKey: 'fineTuneLearningRate',
  } as const;
  using training = startTraining(network, train, options);
  for await (const progress of advance(training, steps, signal)) {
    yield progressEvent('fine-tune', iteration, progress.iteration, steps, progress.minibatchLoss);
  }
  const seconds = (performance.now() - clock) / 1000;
  const figures = await measure(context, network, seconds);
  requireFinite(figures.trainingLoss, steps, options);
  yield { type: 'fine-tuned', iteration, network: await readParameters(network), figures };
  return figures;
}

/** The network as it is, how good it is, and all that it takes to go on from there. */
async function measuredCheckpoint(context: Context, training: Training, seconds: number) {
  const { network } = training;
  const parameters = await readParameters(network);
  const figures = await measure(context, network, seconds);
  const state = await readTrainingState(training);
  return { type: 'checkpoint', ...state, network: parameters, figures } as const;
}

async function measure(context: Context, network: Network, seconds: number): Promise<Figures> {
  const { loss } = context.config;
  const training = await evaluate(network, context.train, loss, context.signal);
  const test = await evaluate(network, context.test, loss, context.signal);
  return {
    width: network.width,
    parameters: parameterCount(network),
    flopsPerExample: flopsPerExample(network),
    trainingLoss: training.loss,
    trainingAccuracy: training.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    seconds,
  };
}

function progressEvent(
  phase: Phase,
  iteration: number,
  done: number,
  total: number,
  minibatchLoss?: number,
): RunEvent {
  return {
    type: 'progress',
    phase,
    iteration,
    done,
    total,
    ...(minibatchLoss !== undefined && { minibatchLoss }),
  };
}

function requireFinite(loss: number, iteration: number, rate: Rate): void {
  if (!Number.isFinite(loss)) throw divergence(iteration, rate);
}

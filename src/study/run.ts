import { outputsOf } from '../data/tasks.js';
import type { AdapterDescription } from '../gpu/adapter.js';
import type { Device } from '../gpu/device.js';
import type { Dataset } from '../models/dataset.js';
import { evaluate } from '../models/forward.js';
import { subnetworkOf } from '../models/subnetwork.js';
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
import { advance, divergence, type Rate, startTraining } from '../train/gradient-descent.js';
import { chooseNeurons, trainFromScratch } from './choose.js';
import { fineTuneRate, type RunConfig } from './config.js';
import { type Examples, uploadImages } from './examples.js';
import { type RunTheory, theoryOf } from './guarantee.js';
import { requireFits } from './limits.js';
import { checkpointsOf } from './schedule.js';

export interface RunInput {
  readonly config: RunConfig;
  readonly examples: Examples;
}

/** How good a network is and what it costs. */
export interface Figures {
  readonly neurons: number;
  readonly parameters: number;
  readonly flopsPerExample: number;
  readonly trainingLoss: number;
  readonly trainingAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
  /** Seconds of the work that made it: pre-training, selection or fine-tuning. */
  readonly seconds: number;
}

export type Phase = 'pre-train' | 'prune' | 'fine-tune';

export type RunEvent =
  | {
      readonly type: 'started';
      readonly adapter: AdapterDescription;
      readonly checkpoints: readonly number[];
    }
  | {
      readonly type: 'progress';
      readonly phase: Phase;
      /** Pre-training iterations done when the phase began. */
      readonly iteration: number;
      readonly done: number;
      readonly total: number;
      readonly batchLoss?: number;
    }
  | {
      readonly type: 'checkpoint';
      readonly iteration: number;
      readonly network: Parameters;
      readonly figures: Figures;
    }
  | {
      readonly type: 'subnetwork';
      readonly iteration: number;
      /** Absent when the network was trained from scratch instead. */
      readonly selection?: MethodSelection;
      readonly network: Parameters;
      readonly figures: Figures;
    }
  | {
      readonly type: 'fine-tuned';
      readonly iteration: number;
      readonly network: Parameters;
      readonly figures: Figures;
    };

/** What is left of the events when the weights are taken out: the last of each kind, and costs. */
export interface RunSummary {
  readonly adapter: AdapterDescription;
  readonly iterations: number;
  readonly dense: Figures;
  readonly subnetwork: Figures & ChoiceFigures;
  readonly fineTuned: Figures | undefined;
  /** Of the last subnetwork. */
  readonly theory: RunTheory;
  readonly memory: MemoryFigures;
  readonly seconds: number;
}

/** How the subnetwork was chosen. */
export interface ChoiceFigures {
  readonly method: RunConfig['method'];
  readonly rule: RunConfig['rule'];
  readonly picks: number;
  readonly passes: number;
  readonly stopped: MethodSelection['stopped'];
  /** What the planner chose, and why. */
  readonly plan?: MethodSelection['plan'];
}

/** Bytes on the GPU. */
export interface MemoryFigures {
  readonly data: number;
  readonly network: number;
  readonly activations: number;
  /** The most that was alive at once, everything included. */
  readonly peak: number;
}

/**
 * Runs one network from its first weights to its fine-tuned subnetwork and yields what happens.
 * Weights come with the events, as arrays on the CPU; nothing is written anywhere.
 *
 * @throws limit-exceeded before anything is allocated that is too large; diverged, aborted,
 *   device-lost and out-of-memory as they happen.
 */
export async function* run(
  device: Device,
  { config, examples }: RunInput,
  signal?: AbortSignal,
): AsyncGenerator<RunEvent, RunSummary> {
  const start = performance.now();
  requireFits(device, config, examples.train);
  device.resetPeak();
  const before = device.liveBytes;
  const outputs = outputsOf(config.task);
  using train = uploadImages(device, 'training', examples.train, config.task);
  using test = uploadImages(device, 'test', examples.test, config.task);
  const dataBytes = device.liveBytes - before;
  const shape = {
    width: config.width,
    inputs: train.inputs.columns,
    outputs,
    activation: config.activation,
  };
  using network = uploadNetwork(device, drawParameters(shape, config.seed));
  const { batch, learningRate, momentum, loss, seed } = config;
  using training = startTraining(network, train, { batch, learningRate, momentum, loss, seed });
  const networkBytes = device.liveBytes - before - dataBytes;
  const context: Context = { config, train, test, signal };

  const checkpoints = checkpointsOf(config.iterations, config.pruneEvery);
  yield { type: 'started', adapter: device.adapter, checkpoints };
  let seconds = 0;
  let last: Omit<RunSummary, 'adapter' | 'iterations' | 'memory' | 'seconds'> | undefined;
  for (const iteration of checkpoints) {
    const clock = performance.now();
    const from = training.iteration;
    for await (const progress of advance(training, iteration, signal)) {
      yield progressOf(
        'pre-train',
        from,
        progress.iteration,
        config.iterations,
        progress.batchLoss,
      );
    }
    seconds += (performance.now() - clock) / 1000;
    const parameters = await readParameters(network);
    const dense = await measure(context, network, seconds);
    requireFinite(dense.trainingLoss, iteration, { learningRate });
    yield { type: 'checkpoint', iteration, network: parameters, figures: dense };
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
      activations: examples.train.count * config.width * 4,
      peak: device.peakBytes - before,
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
  yield progressOf('prune', iteration, 0, config.neurons);
  let selection: MethodSelection | undefined;
  let subnetwork: Parameters;
  if (method === 'scratch') {
    subnetwork = yield* relayed(
      trainFromScratch(dense, config, iteration, signal),
      ({ iteration: done }) => progressOf('prune', iteration, done, iteration),
    );
  } else {
    selection = yield* relayed(chooseNeurons(dense, method, config, signal), (picks) =>
      progressOf('prune', iteration, picks, config.neurons),
    );
    subnetwork = subnetworkOf(parameters, selection.neurons, selection.weight);
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
    rule,
    picks: selection?.selected.length ?? 0,
    passes: selection?.passes ?? 0,
    stopped: selection?.stopped ?? 'count',
    ...(selection?.plan && { plan: selection.plan }),
  };
  const theory =
    selection && iteration === config.iterations
      ? await theoryOf(dense, config, selection.loss, signal)
      : { missing: 'nothing was selected' };
  return {
    subnetwork: { ...figures, ...choice },
    theory,
    fineTuned: config.fineTune > 0 ? yield* fineTune(context, small, iteration) : undefined,
  };
}

/** Passes a generator's values on as events, and gives what it returns. */
async function* relayed<Value, Result>(
  values: AsyncGenerator<Value, Result>,
  eventOf: (value: Value) => RunEvent,
): AsyncGenerator<RunEvent, Result> {
  for (;;) {
    const next = await values.next();
    if (next.done) return next.value;
    yield eventOf(next.value);
  }
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
    rateFlag: '--fine-tune-learning-rate',
  } as const;
  using training = startTraining(network, train, options);
  for await (const progress of advance(training, steps, signal)) {
    yield progressOf('fine-tune', iteration, progress.iteration, steps, progress.batchLoss);
  }
  const seconds = (performance.now() - clock) / 1000;
  const figures = await measure(context, network, seconds);
  requireFinite(figures.trainingLoss, steps, options);
  yield { type: 'fine-tuned', iteration, network: await readParameters(network), figures };
  return figures;
}

async function measure(context: Context, network: Network, seconds: number): Promise<Figures> {
  const { loss } = context.config;
  const training = await evaluate(network, context.train, loss, context.signal);
  const test = await evaluate(network, context.test, loss, context.signal);
  return {
    neurons: network.width,
    parameters: parameterCount(network),
    flopsPerExample: flopsPerExample(network),
    trainingLoss: training.loss,
    trainingAccuracy: training.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    seconds,
  };
}

function progressOf(
  phase: Phase,
  iteration: number,
  done: number,
  total: number,
  batchLoss?: number,
): RunEvent {
  return {
    type: 'progress',
    phase,
    iteration,
    done,
    total,
    ...(batchLoss !== undefined && { batchLoss }),
  };
}

function requireFinite(loss: number, iteration: number, rate: Rate): void {
  if (!Number.isFinite(loss)) throw divergence(iteration, rate);
}

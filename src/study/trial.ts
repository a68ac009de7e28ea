import { imagesChecksum } from '../data/checksum.js';
import { denseActivations, methodOptions, selectTrained } from '../experiment/choose.js';
import { type Examples, networkShape, uploadImages } from '../experiment/examples.js';
import { rulesOf } from '../experiment/refusals.js';
import { finalResult } from '../experiment/relayed.js';
import { fineTuneRate } from '../experiment/run-config.js';
import { requireFits } from '../experiment/size-limits.js';
import type { TrialState } from '../experiment/state.js';
import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { type Evaluation, evaluate, evaluateOutputs } from '../models/forward.js';
import { extractSubnetwork, outputOfSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  type Parameters,
  readParameters,
  uploadNetwork,
} from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import type { Activations } from '../prune/problem.js';
import {
  advance,
  divergence,
  readTrainingState,
  startTraining,
  type Training,
} from '../train/gradient-descent.js';
import { type Cell, type CellKey, cellKey } from './cell.js';
import { listPrunings, type Pruning, studyCheckpoints, type Trial, trialSeed } from './grid.js';
import type { StudyConfig } from './study-config.js';

export interface TrialInput {
  readonly config: StudyConfig;
  readonly trial: Trial;
  readonly examples: Examples;
  /** Keys (`cellKey`) of the trial's cells that are known already. */
  readonly known?: readonly string[];
}

export type TrialEvent =
  | {
      readonly type: 'progress';
      readonly trial: Trial;
      readonly iteration: number;
      readonly minibatchLoss: number | undefined;
    }
  /** The training as it stood at a checkpoint, before the checkpoint's cells. */
  | { readonly type: 'state'; readonly trial: Trial; readonly state: TrialState }
  | { readonly type: 'cell'; readonly trial: Trial; readonly cell: Cell };

/**
 * Does one trial of a study: one pre-training, pruned at each of its checkpoints. Given the last
 * state that it yielded it goes on from there and yields the same cells, to the bit on the same
 * adapter. Cells in `known` are not computed again.
 *
 * @throws limit-exceeded before anything is allocated that is too large; diverged, aborted,
 *   device-lost and out-of-memory as they happen.
 */
export async function* studyTrial(
  device: Device,
  input: TrialInput,
  state?: TrialState,
  signal?: AbortSignal,
): AsyncGenerator<TrialEvent, void> {
  const { config, trial, examples } = input;
  const { width, learningRate, batch } = trial;
  const { task } = config;
  const picks = Math.max(...config.picks);
  const largest = { examples: trial.examples, width, batch, task, picks };
  const rules = rulesOf(config);
  requireFits(device, { ...largest, rules }, examples.train, { examples: 'sizes' });
  using train = uploadImages(device, 'training', examples.train, config.task);
  using test = uploadImages(device, 'test', examples.test, config.task);
  const missing = missingCells(input);
  // A cell before the kept state can only be reached from the start.
  const kept = state && state.iteration <= (missing[0]?.iteration ?? 0) ? state : undefined;
  const seed = trialSeed(config, trial);
  const first = kept?.network ?? drawParameters(networkShape(config, trial, examples), seed);
  using network = uploadNetwork(device, first);
  const { momentum, loss } = config;
  const options = { batch, learningRate, momentum, loss, seed };
  using training = startTraining(network, train, options, kept);
  const crc32 = imagesChecksum(examples.train);
  const context: Context = { config, trial, train, test, crc32, training, signal };

  const clock = stopwatch();
  for (const { iteration, prunings } of missing) {
    for await (const { minibatchLoss, iteration: done } of advance(training, iteration, signal)) {
      clock.pause();
      yield { type: 'progress', trial, iteration: done, minibatchLoss };
      clock.resume();
    }
    const network = await readParameters(training.network);
    const now: TrialState = { ...(await readTrainingState(training)), network };
    clock.pause();
    if (iteration !== kept?.iteration) yield { type: 'state', trial, state: now };
    clock.resume();
    const cells = await prune(context, now, prunings);
    const seconds = clock.take() / cells.length;
    for (const cell of cells) yield { type: 'cell', trial, cell: { ...cell, seconds } };
    clock.resume();
  }
}

/** The checkpoints that lack cells, in order, each with the prunings it lacks. */
function missingCells({ config, trial, known = [] }: TrialInput) {
  return studyCheckpoints(config)
    .map((iteration) => ({
      iteration,
      prunings: listPrunings(config).filter(
        (pruning) => !known.includes(cellKey({ ...trial, ...pruning, iteration })),
      ),
    }))
    .filter(({ prunings }) => prunings.length > 0);
}

interface Context {
  readonly config: StudyConfig;
  readonly trial: Trial;
  readonly train: Dataset;
  readonly test: Dataset;
  /** `imagesChecksum` the training examples. */
  readonly crc32: string;
  readonly training: Training;
  readonly signal: AbortSignal | undefined;
}

interface Pruned extends Pruning {
  readonly selection: MethodSelection;
}

/** Prunes a checkpoint in each way that is missing and measures all of them together. */
async function prune(
  context: Context,
  state: TrialState,
  missing: readonly Pruning[],
): Promise<readonly Omit<Cell, 'seconds'>[]> {
  const { config, trial, train, test, crc32, training, signal } = context;
  const { network } = training;
  const { loss } = config;
  const pruned: Pruned[] = [];
  {
    using scope = new Scope(network.device);
    // Cells are measured from weights, all of them together: exact activations would go unused.
    const activations = await denseActivations({ network, train }, config, scope, signal);
    for (const pruning of missing) {
      pruned.push({ ...pruning, selection: await choose(context, state, activations, pruning) });
    }
  }
  using scope = new Scope(network.device);
  const outputs = pruned.map(({ selection }) =>
    scope.matrix(
      'subnetwork output.weight',
      network.width,
      network.outputs,
      outputOfSubnetwork(state.network, selection.kept, selection.finalShares),
    ),
  );
  const layers = [network.output, ...outputs];
  const [dense, ...onTrain] = await evaluateOutputs(network, layers, train, loss, signal);
  const [denseTest, ...onTest] = await evaluateOutputs(network, layers, test, loss, signal);
  if (!dense || !denseTest || !Number.isFinite(dense.loss)) {
    throw divergence(state.iteration, trial);
  }
  const cells: Omit<Cell, 'seconds'>[] = [];
  for (const [at, { picks, method, rule, selection }] of pruned.entries()) {
    const key: CellKey = { ...trial, iteration: state.iteration, picks, method, rule };
    const subnetwork = onTrain[at] as Evaluation;
    const subnetworkTest = onTest[at] as Evaluation;
    cells.push({
      ...key,
      inputs: network.inputs,
      crc32,
      denseLoss: dense.loss,
      subnetworkLoss: subnetwork.loss,
      denseTestLoss: denseTest.loss,
      subnetworkTestLoss: subnetworkTest.loss,
      denseTestAccuracy: denseTest.accuracy,
      subnetworkTestAccuracy: subnetworkTest.accuracy,
      distinct: selection.kept.length,
      passes: selection.passes,
      ...(config.fineTune > 0 &&
        (await fineTune(
          context,
          state,
          extractSubnetwork(state.network, selection.kept, selection.finalShares),
        ))),
      adapter: network.device.adapter.name,
    });
  }
  return cells;
}

async function choose(
  { config, trial, train, training, signal }: Context,
  { network, iteration }: TrialState,
  activations: Activations,
  pruning: Pruning,
): Promise<MethodSelection> {
  const { device, output } = training.network;
  const picks = selectTrained(
    device,
    { activations, weights: output, targets: train.targets, loss: config.loss },
    methodOptions(
      { ...config, ...pruning, seed: trialSeed(config, trial) },
      { hidden: async () => network.hidden, signal },
    ),
    {
      iteration,
      learningRate: trial.learningRate,
      activation: training.network.activation,
    },
  );
  return await finalResult(picks);
}

/**
 * Fine-tunes the subnetwork, and trains what it has to be compared with for the same number of
 * steps in all: the dense network, and a network of the subnetwork's size from scratch.
 */
async function fineTune(context: Context, state: TrialState, subnetwork: Parameters) {
  const { config, trial, training } = context;
  const { options } = training;
  const until = state.iteration + config.fineTune;
  const rate = fineTuneRate({
    learningRate: trial.learningRate,
    ...(config.fineTuneLearningRate && { fineTuneLearningRate: config.fineTuneLearningRate }),
  });
  const tuned = await trained(context, subnetwork, config.fineTune, {
    ...options,
    learningRate: rate,
    purpose: 'fine-tuning batches',
    rateKey: 'fineTuneLearningRate',
  });
  const continued = await trained(context, state.network, until, options, state);
  const scratch = await trained(context, drawParameters(subnetwork, options.seed), until, options);
  return {
    fineTunedLoss: tuned.train.loss,
    fineTunedTestAccuracy: tuned.test.accuracy,
    continuedLoss: continued.train.loss,
    continuedTestAccuracy: continued.test.accuracy,
    scratchLoss: scratch.train.loss,
    scratchTestAccuracy: scratch.test.accuracy,
  };
}

async function trained(
  { config: { loss }, train, test, training, signal }: Context,
  from: Parameters,
  until: number,
  options: Training['options'],
  state?: TrialState,
) {
  using network = uploadNetwork(training.network.device, from);
  using other = startTraining(network, train, options, state);
  for await (const _ of advance(other, until, signal));
  return {
    train: await evaluate(network, train, loss, signal),
    test: await evaluate(network, test, loss, signal),
  };
}

/** Counts seconds; the time that a caller takes over an event is not the trial's. */
function stopwatch() {
  let total = 0;
  let since = performance.now();
  const pause = () => {
    total += (performance.now() - since) / 1000;
  };
  const resume = () => {
    since = performance.now();
  };
  const take = () => {
    pause();
    const taken = total;
    total = 0;
    return taken;
  };
  return { pause, resume, take };
}

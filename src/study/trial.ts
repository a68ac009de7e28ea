import { imagesChecksum } from '../data/images.js';
import { type Examples, networkShape } from '../experiment/examples.js';
import {
  type Experiment,
  fineTuning,
  type Measured,
  measure,
  openExperiment,
  pretraining,
  subnetworkOutputs,
  type TrainingSteps,
  train,
} from '../experiment/experiment.js';
import { rulesOf } from '../experiment/refusals.js';
import { finalResult } from '../experiment/relay.js';
import { selectionProblem, selectTrained } from '../experiment/select.js';
import { requireFits } from '../experiment/size-limits.js';
import { readState, type TrainedState } from '../experiment/state.js';
import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import { type Evaluation, evaluateOutputs } from '../models/forward.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  type Network,
  type Parameters,
  uploadNetwork,
} from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import { advance, divergence, startTraining } from '../train/gradient-descent.js';
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
  | { readonly type: 'state'; readonly trial: Trial; readonly state: TrainedState }
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
  state?: TrainedState,
  signal?: AbortSignal,
): AsyncGenerator<TrialEvent, void> {
  const { trial, examples } = input;
  const config = trialConfig(input);
  const picks = Math.max(...input.config.picks);
  const rules = rulesOf(config);
  requireFits(device, { ...config, ...trial, picks, rules }, examples.train, {
    examples: 'sizes',
  });
  using experiment = await openExperiment(device, config, examples, signal);
  const missing = missingCells(input);
  // A cell before the kept state can only be reached from the start.
  const kept = state && state.iteration <= (missing[0]?.iteration ?? 0) ? state : undefined;
  const first = kept?.network ?? drawParameters(networkShape(config, examples), config.seed);
  using network = uploadNetwork(device, first);
  using training = startTraining(network, experiment.train, pretraining(config), kept);
  const images = { inputs: network.inputs, crc32: imagesChecksum(examples.train) };

  const clock = stopwatch();
  for (const { iteration, prunings } of missing) {
    for await (const { minibatchLoss, iteration: done } of advance(training, iteration, signal)) {
      clock.pause();
      yield { type: 'progress', trial, iteration: done, minibatchLoss };
      clock.resume();
    }
    const now = await readState(training);
    clock.pause();
    if (iteration !== kept?.iteration) yield { type: 'state', trial, state: now };
    clock.resume();
    const pruned = await prune(experiment, { network, state: now }, prunings);
    const seconds = clock.take() / pruned.length;
    for (const { pruning, figures } of pruned) {
      const cell = { ...trial, iteration, ...pruning, ...images, ...figures, seconds };
      yield { type: 'cell', trial, cell };
    }
    clock.resume();
  }
}

/** A study's configuration with the trial's own values. */
type TrialConfig = Omit<StudyConfig, 'width' | 'learningRate' | 'batch'> &
  Pick<Trial, 'width' | 'learningRate' | 'batch'>;

function trialConfig({ config, trial }: TrialInput): TrialConfig {
  const { width, learningRate, batch } = trial;
  return { ...config, width, learningRate, batch, seed: trialSeed(config, trial) };
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

/** The network as trained so far, on the GPU and read back. */
interface Dense {
  readonly network: Network;
  readonly state: TrainedState;
}

interface Pruned {
  readonly pruning: Pruning;
  /** All that a cell says of the networks. */
  readonly figures: Omit<Cell, keyof CellKey | 'inputs' | 'crc32' | 'seconds'>;
}

/** Prunes a checkpoint in each way that is missing and measures all of them together. */
async function prune(
  experiment: Experiment<TrialConfig>,
  { network, state }: Dense,
  missing: readonly Pruning[],
): Promise<readonly Pruned[]> {
  const { device, config } = experiment;
  const selections = await selectAll(experiment, { network, state }, missing);
  const [dense, ...subnetworks] = await measureAll(experiment, { network, state }, selections);
  if (!dense || !Number.isFinite(dense.train.loss)) throw divergence(state.iteration, config);
  const continued = config.fineTune > 0 && (await continueTraining(experiment, state));
  const pruned: Pruned[] = [];
  for (const [at, pruning] of missing.entries()) {
    const { kept, finalShares, passes } = selections[at] as MethodSelection;
    const { train, test } = subnetworks[at] as Measured;
    const subnetwork = extractSubnetwork(state.network, kept, finalShares);
    const figures = {
      denseLoss: dense.train.loss,
      subnetworkLoss: train.loss,
      denseTestLoss: dense.test.loss,
      subnetworkTestLoss: test.loss,
      denseTestAccuracy: dense.test.accuracy,
      subnetworkTestAccuracy: test.accuracy,
      distinct: kept.length,
      passes,
      ...(continued && (await fineTune(experiment, { subnetwork, state, continued }))),
      adapter: device.adapter.name,
    };
    pruned.push({ pruning, figures });
  }
  return pruned;
}

/** All selections of a checkpoint, from the same activations. */
async function selectAll(
  experiment: Experiment<TrialConfig>,
  { network, state }: Dense,
  prunings: readonly Pruning[],
): Promise<readonly MethodSelection[]> {
  const dense = { network, parameters: state.network, iteration: state.iteration };
  using scope = new Scope(experiment.device);
  // Cells are measured from weights, all of them together: exact activations would go unused.
  const problem = await selectionProblem(experiment, network, scope, false);
  const selections: MethodSelection[] = [];
  for (const pruning of prunings) {
    const choice = { ...experiment.config, ...pruning };
    selections.push(await finalResult(selectTrained(experiment, dense, choice, problem)));
  }
  return selections;
}

/** The dense network and then the subnetworks, in one pass over each set of examples. */
async function measureAll(
  { device, config: { loss }, train, test, signal }: Experiment<TrialConfig>,
  { network, state }: Dense,
  selections: readonly MethodSelection[],
): Promise<readonly Measured[]> {
  using scope = new Scope(device);
  const subnetworks = selections.map(({ kept, finalShares: shares }) => ({ kept, shares }));
  const outputs = [
    network.output,
    ...subnetworkOutputs(scope, network, state.network, subnetworks),
  ];
  const onTrain = await evaluateOutputs(network, outputs, train, loss, signal);
  const onTest = await evaluateOutputs(network, outputs, test, loss, signal);
  return onTrain.map((train, at) => ({ train, test: onTest[at] as Evaluation }));
}

/** The dense network after as many steps more as its subnetworks are fine-tuned. */
async function continueTraining(
  experiment: Experiment<TrialConfig>,
  state: TrainedState,
): Promise<Measured> {
  const { config } = experiment;
  const until = state.iteration + config.fineTune;
  return trained(experiment, state.network, { options: pretraining(config), until, from: state });
}

/**
 * Fine-tunes the subnetwork, and trains a network of its size from scratch for the same number of
 * steps in all.
 */
async function fineTune(
  experiment: Experiment<TrialConfig>,
  {
    subnetwork,
    state,
    continued,
  }: {
    readonly subnetwork: Parameters;
    readonly state: TrainedState;
    readonly continued: Measured;
  },
) {
  const { config } = experiment;
  const tuned = await trained(experiment, subnetwork, {
    options: fineTuning(config),
    until: config.fineTune,
  });
  const scratch = await trained(experiment, drawParameters(subnetwork, config.seed), {
    options: pretraining(config),
    until: state.iteration + config.fineTune,
  });
  return {
    fineTunedLoss: tuned.train.loss,
    fineTunedTestAccuracy: tuned.test.accuracy,
    continuedLoss: continued.train.loss,
    continuedTestAccuracy: continued.test.accuracy,
    scratchLoss: scratch.train.loss,
    scratchTestAccuracy: scratch.test.accuracy,
  };
}

/** How good a network is once it has been trained. */
async function trained(
  experiment: Experiment,
  first: Parameters,
  steps: TrainingSteps,
): Promise<Measured> {
  using network = uploadNetwork(experiment.device, first);
  await finalResult(train(experiment, network, steps));
  return await measure(experiment, network);
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

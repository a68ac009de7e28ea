import { requireSeveralClasses } from '../data/tasks.js';
import { DISPOSE } from '../disposal.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { type Evaluation, evaluateTwoLayer } from '../models/forward.js';
import { outputOfSubnetwork } from '../models/subnetwork.js';
import {
  drawParametersInTurns,
  type TwoLayerNetwork,
  type TwoLayerParameters,
  type TwoLayerShape,
  uploadTwoLayer,
} from '../models/two-layer.js';
import {
  advance,
  startTraining,
  type TrainingProgress,
  type TrainingState,
} from '../train/gradient-descent.js';
import type { TrainingOptions } from '../train/options.js';
import { type Examples, uploadImages } from './examples.js';
import { fineTuneRate, type RunConfig } from './run-config.js';

/** What every step of an experiment goes by. */
export type ExperimentConfig = Pick<
  RunConfig,
  'task' | 'batch' | 'learningRate' | 'momentum' | 'loss' | 'seed' | 'storage'
> &
  Partial<Pick<RunConfig, 'fineTuneLearningRate' | 'streamActivations'>>;

/** A configuration and its examples on the GPU: networks are trained, pruned and measured on them. */
export interface Experiment<Config extends ExperimentConfig = ExperimentConfig> {
  readonly device: Device;
  readonly config: Config;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly signal: AbortSignal | undefined;
  [Symbol.dispose](): void;
}

/**
 * Uploads the examples, which the experiment owns.
 *
 * @throws bad-data where their source has one class of the task only; limit-exceeded, device-lost and out-of-memory.
 */
export async function openExperiment<Config extends ExperimentConfig>(
  device: Device,
  config: Config,
  examples: Pick<Examples, 'train' | 'test' | 'sourceLabels'>,
  signal?: AbortSignal,
): Promise<Experiment<Config>> {
  requireSeveralClasses(config.task, examples.sourceLabels);
  // Preprocessing takes a processor tens of milliseconds: in the waits a page draws its frames.
  await device.idle();
  const train = uploadImages(device, 'training', examples.train, config.task);
  try {
    await device.idle();
    const test = uploadImages(device, 'test', examples.test, config.task);
    await device.idle();
    const dispose = () => {
      train.dispose();
      test.dispose();
    };
    return { device, config, train, test, signal, [DISPOSE]: dispose };
  } catch (error) {
    train.dispose();
    throw error;
  }
}

/** A network's first weights, by the experiment's seed. The caller owns it. */
export async function uploadFirst(
  { device, config, signal }: Experiment,
  shape: TwoLayerShape,
): Promise<TwoLayerNetwork> {
  return uploadTwoLayer(device, await drawParametersInTurns(shape, config.seed, signal));
}

/** How a network is pre-trained. */
export function pretraining({
  batch,
  learningRate,
  momentum,
  loss,
  seed,
}: ExperimentConfig): TrainingOptions {
  return { batch, learningRate, momentum, loss, seed };
}

/** How a subnetwork is fine-tuned: with batches of its own and smaller steps. */
export function fineTuning(config: ExperimentConfig): TrainingOptions {
  return {
    ...pretraining(config),
    learningRate: fineTuneRate(config),
    purpose: 'fine-tuning batches',
    rateKey: 'fineTuneLearningRate',
  };
}

export interface TrainingSteps {
  readonly options: TrainingOptions;
  /** Steps from the first on. */
  readonly until: number;
  /** Where to go on, instead of at the first step; the network has its weights. */
  readonly from?: TrainingState;
}

/**
 * Trains a network in place.
 *
 * @throws diverged, and aborted between submits when the signal fires.
 */
export async function* train(
  { train, signal }: Experiment,
  network: TwoLayerNetwork,
  { options, until, from }: TrainingSteps,
): AsyncGenerator<TrainingProgress, void> {
  using training = startTraining(network, train, options, from);
  yield* advance(training, until, signal);
}

/** How good a network is on the training and on the test examples. */
export interface Measured {
  readonly train: Evaluation;
  readonly test: Evaluation;
}

export async function measure(
  { train, test, config: { loss }, signal }: Experiment,
  network: TwoLayerNetwork,
): Promise<Measured> {
  return {
    train: await evaluateTwoLayer(network, train, loss, signal),
    test: await evaluateTwoLayer(network, test, loss, signal),
  };
}

/**
 * Subnetworks as output weights of the whole hidden layer, which the scope owns: `evaluateOutputs`
 * measures them all in one pass.
 */
export function subnetworkOutputs(
  scope: Scope,
  { width, outputs }: TwoLayerNetwork,
  parameters: TwoLayerParameters,
  subnetworks: readonly { readonly kept: Uint32Array; readonly shares: Float32Array }[],
): readonly Matrix[] {
  return subnetworks.map(({ kept, shares }) => {
    const output = outputOfSubnetwork(parameters, kept, shares);
    return scope.matrix('subnetwork output.weight', [width, outputs], { data: output });
  });
}

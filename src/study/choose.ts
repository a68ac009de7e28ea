import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { BYTES, type StorageFormat } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { hiddenActivations, streamedActivations } from '../models/forward.js';
import {
  type Activation,
  drawParameters,
  type Network,
  type Parameters,
  readParameters,
  uploadNetwork,
} from '../models/two-layer.js';
import { MEASURED_ROWS } from '../prune/measure.js';
import {
  type MethodName,
  type MethodOptions,
  type MethodSelection,
  select,
} from '../prune/methods.js';
import { residentActivations, type SelectionProblem, streamedFrom } from '../prune/problem.js';
import {
  advance,
  divergence,
  type Rate,
  startTraining,
  type TrainingProgress,
} from '../train/gradient-descent.js';
import type { RunConfig } from './config.js';

/** Activations above this size are computed anew for each pass instead of kept. */
const LARGEST_RESIDENT = 4 * 2 ** 30;
const STREAMED_ROWS = 4096;

export type SelectionConfig = Pick<
  RunConfig,
  | 'neurons'
  | 'replacement'
  | 'rule'
  | 'loss'
  | 'targetLoss'
  | 'targetFraction'
  | 'untilStalled'
  | 'candidates'
  | 'selectionBatch'
  | 'oracle'
  | 'block'
  | 'streamActivations'
  | 'storage'
  | 'seed'
  | 'learningRate'
>;

/** A trained network to choose neurons from. */
export interface Dense {
  readonly network: Network;
  readonly train: Dataset;
  readonly trainingLoss: number;
  /** Steps of its training. */
  readonly iteration: number;
}

/** Chooses neurons of a trained network by a method; yields the number of picks made, now and then. */
export async function* chooseNeurons(
  dense: Dense,
  method: MethodName,
  config: SelectionConfig,
  signal?: AbortSignal,
): AsyncGenerator<number, MethodSelection> {
  const { network, train, trainingLoss, iteration } = dense;
  using scope = new Scope(network.device);
  const activations = await activationsOf(dense, config, scope, signal);
  const { targetLoss, targetFraction } = config;
  const targets = [targetLoss, targetFraction && targetFraction * trainingLoss];
  const target = Math.min(...targets.filter((loss) => loss !== undefined));
  return yield* selectTrained(
    network.device,
    { ...activations, weights: network.output, targets: train.targets, loss: config.loss },
    {
      method,
      neurons: config.neurons,
      replacement: config.replacement,
      rule: config.rule,
      ...(Number.isFinite(target) && { targetLoss: target }),
      untilStalled: config.untilStalled,
      candidates: config.candidates,
      batch: config.selectionBatch,
      seed: config.seed,
      oracle: config.oracle,
      block: config.block,
      signal,
      hidden: async () => (await readParameters(network)).hidden,
    },
    { iteration, learningRate: config.learningRate, activation: network.activation },
  );
}

/**
 * `select` on a network of one's own training: outputs that are not finite are its doing, or that of
 * their storage.
 *
 * @throws diverged where `select` throws bad-data; bad-data where float16 may be why.
 */
export async function* selectTrained(
  device: Device,
  problem: SelectionProblem,
  options: MethodOptions,
  training: Rate & { readonly iteration: number; readonly activation: Activation },
): AsyncGenerator<number, MethodSelection> {
  try {
    return yield* select(device, problem, options);
  } catch (error) {
    if (!(error instanceof EspalierError && error.code === 'bad-data')) throw error;
    // The others lie within ±1.
    if (problem.activations.storage === 'f16' && training.activation === 'relu') {
      const wayOut =
        'With --storage f16 that is so from 65520 on: --storage f32 keeps such activations.';
      throw new EspalierError('bad-data', `${error.message} ${wayOut}`, { cause: error });
    }
    throw divergence(training.iteration, training, error);
  }
}

/**
 * H of a network on its training data, kept on the GPU where it fits, and for the measurement of
 * what was picked computed anew in f32 where it is stored in less.
 */
export async function activationsOf(
  { network, train }: Pick<Dense, 'network' | 'train'>,
  { streamActivations, storage }: Pick<RunConfig, 'streamActivations' | 'storage'>,
  scope: Scope,
  signal?: AbortSignal,
): Promise<Pick<SelectionProblem, 'activations' | 'exact'>> {
  const { count } = train;
  const streamed = async (rows: number, format: StorageFormat) =>
    streamedFrom(count, await streamedActivations(network, train, scope, rows, format));
  const large = count * network.width * BYTES[storage] > LARGEST_RESIDENT;
  return {
    activations:
      streamActivations || large
        ? await streamed(STREAMED_ROWS, storage)
        : residentActivations(await hiddenActivations(network, train, scope, signal, storage)),
    exact: storage === 'f32' ? undefined : await streamed(MEASURED_ROWS, 'f32'),
  };
}

/** `scratch`: a network of the subnetwork's width, trained from its own first weights. */
export async function* trainFromScratch(
  { network, train }: Pick<Dense, 'network' | 'train'>,
  config: Pick<RunConfig, 'neurons' | 'batch' | 'learningRate' | 'momentum' | 'loss' | 'seed'>,
  iterations: number,
  signal?: AbortSignal,
): AsyncGenerator<TrainingProgress, Parameters> {
  const { neurons: width, batch, learningRate, momentum, loss, seed } = config;
  using small = uploadNetwork(network.device, drawParameters({ ...network, width }, seed));
  using training = startTraining(small, train, { batch, learningRate, momentum, loss, seed });
  yield* advance(training, iterations, signal);
  return await readParameters(small);
}

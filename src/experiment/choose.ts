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
import {
  type Activations,
  residentActivations,
  type SelectionProblem,
  streamedFrom,
} from '../prune/problem.js';
import {
  advance,
  divergence,
  type Rate,
  startTraining,
  type TrainingProgress,
} from '../train/gradient-descent.js';
import type { RunConfig } from './run-config.js';

/** Activations above this size are computed anew for each pass instead of kept. */
const LARGEST_RESIDENT = 4 * 2 ** 30;
const STREAMED_ROWS = 4096;

/** How neurons are chosen; a study leaves to greedy selection what is optional here. */
type SelectionConfig = Pick<RunConfig, 'picks' | 'replacement' | 'rule' | 'seed'> &
  Partial<
    Pick<
      RunConfig,
      | 'targetLoss'
      | 'targetFraction'
      | 'untilStalled'
      | 'candidates'
      | 'selectionBatch'
      | 'oracle'
      | 'block'
    >
  >;

/** What activations are kept as. */
type StorageConfig = Pick<RunConfig, 'storage'> & Partial<Pick<RunConfig, 'streamActivations'>>;

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
  config: SelectionConfig & StorageConfig & Pick<RunConfig, 'loss' | 'learningRate'>,
  signal?: AbortSignal,
): AsyncGenerator<number, MethodSelection> {
  const { network, trainingLoss, iteration } = dense;
  using scope = new Scope(network.device);
  const hidden = async () => (await readParameters(network)).hidden;
  return yield* selectTrained(
    network.device,
    await selectionProblem(dense, config, scope, signal),
    methodOptions({ ...config, method }, { trainingLoss, hidden, signal }),
    { iteration, learningRate: config.learningRate, activation: network.activation },
  );
}

/** @param dense its training loss, where a share of it may be the target. */
export function methodOptions(
  config: SelectionConfig & Pick<MethodOptions, 'method'>,
  {
    trainingLoss,
    ...dense
  }: Pick<MethodOptions, 'hidden' | 'signal'> & { readonly trainingLoss?: number },
): MethodOptions {
  const { targetLoss, targetFraction } = config;
  const share =
    targetFraction !== undefined && trainingLoss !== undefined
      ? targetFraction * trainingLoss
      : undefined;
  const targets = [targetLoss, share].filter((loss) => loss !== undefined);
  return {
    method: config.method,
    picks: config.picks,
    replacement: config.replacement,
    rule: config.rule,
    targetLoss: targets.length > 0 ? Math.min(...targets) : undefined,
    untilStalled: config.untilStalled,
    candidates: config.candidates,
    minibatch: config.selectionBatch,
    seed: config.seed,
    oracle: config.oracle,
    block: config.block,
    ...dense,
  };
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
      throw new EspalierError(
        'bad-data',
        {
          kind: 'message',
          message: `${error.message} In f16 every activation from 65520 on is infinite.`,
          instead: { storage: 'f32' },
        },
        { cause: error },
      );
    }
    throw divergence(training.iteration, training, error);
  }
}

/**
 * What picks are chosen from and measured by: H of a network on its training data, which for the
 * measurement is computed anew in f32 where it is stored in less.
 */
export async function selectionProblem(
  dense: Pick<Dense, 'network' | 'train'>,
  config: StorageConfig & Pick<RunConfig, 'loss'>,
  scope: Scope,
  signal?: AbortSignal,
): Promise<SelectionProblem> {
  const { network, train } = dense;
  return {
    activations: await denseActivations(dense, config, scope, signal),
    exact:
      config.storage === 'f32' ? undefined : await streamed(dense, scope, MEASURED_ROWS, 'f32'),
    weights: network.output,
    targets: train.targets,
    loss: config.loss,
  };
}

/** H of a network on its training data, kept on the GPU where it fits. */
export async function denseActivations(
  dense: Pick<Dense, 'network' | 'train'>,
  { streamActivations = false, storage }: StorageConfig,
  scope: Scope,
  signal?: AbortSignal,
): Promise<Activations> {
  const { network, train } = dense;
  const large = train.count * network.width * BYTES[storage] > LARGEST_RESIDENT;
  return streamActivations || large
    ? await streamed(dense, scope, STREAMED_ROWS, storage)
    : residentActivations(await hiddenActivations(network, train, scope, signal, storage));
}

async function streamed(
  { network, train }: Pick<Dense, 'network' | 'train'>,
  scope: Scope,
  rows: number,
  storage: StorageFormat,
): Promise<Activations> {
  return streamedFrom(train.count, await streamedActivations(network, train, scope, rows, storage));
}

/** `scratch`: a network of the subnetwork's width, trained from its own first weights. */
export async function* trainFromScratch(
  { network, train }: Pick<Dense, 'network' | 'train'>,
  config: Pick<RunConfig, 'picks' | 'batch' | 'learningRate' | 'momentum' | 'loss' | 'seed'>,
  iterations: number,
  signal?: AbortSignal,
): AsyncGenerator<TrainingProgress, Parameters> {
  const { picks: width, batch, learningRate, momentum, loss, seed } = config;
  using small = uploadNetwork(network.device, drawParameters({ ...network, width }, seed));
  using training = startTraining(small, train, { batch, learningRate, momentum, loss, seed });
  yield* advance(training, iterations, signal);
  return await readParameters(small);
}

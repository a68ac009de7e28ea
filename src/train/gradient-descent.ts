import { DISPOSE } from '../disposal.js';
import { EspalierError, throwIfAborted } from '../errors.js';
import { Commands } from '../gpu/commands.js';
import type { Owned } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { owning, Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { requireFit } from '../models/forward.js';
import type { TwoLayerNetwork } from '../models/two-layer.js';
import { minibatchStream } from './minibatches.js';
import type { StepContext, TrainingOptions } from './options.js';
import { prepareStep, rowsOfStep } from './step.js';

/** A training under way: the network, how far it has come, and what the next step needs. */
export interface Training extends StepContext, Owned {
  iteration: number;
}

/**
 * What a training needs, besides its network, to go on with the same bits as if it had never
 * stopped. The minibatches follow from `iteration`: their draws are made again.
 */
export interface TrainingState {
  /** Steps done. */
  readonly iteration: number;
  /** As the GPU holds them: A's [d × N], B's [N × C]. Absent when no step reads them again. */
  readonly velocity?: { readonly hidden: Float32Array; readonly output: Float32Array };
}

/** How far a training is. */
export interface TrainingProgress {
  /** Steps done. */
  readonly iteration: number;
  /** Loss of the last step's minibatch, where it was read. */
  readonly minibatchLoss: number | undefined;
}

/** Times that a stretch of training reads the loss to see whether it diverges. */
const LOSS_CHECKS = 20;
/** Steps between two readings at least: each waits for the GPU to run dry. */
const STEPS_BETWEEN_CHECKS = 25;

/**
 * Begins a training, or goes on with one whose network and state were kept; its velocities live
 * until `dispose()`. The network stays the caller's.
 *
 * @throws bad-data when network and dataset do not belong together; bad-config when the state lacks what
 *   momentum has gathered.
 */
export function startTraining(
  network: TwoLayerNetwork,
  dataset: Dataset,
  options: TrainingOptions,
  state: TrainingState = { iteration: 0 },
): Training {
  const { device, inputs, width, outputs } = network;
  requireFit(network, dataset);
  requireVelocity(options, state);
  const minibatches = minibatchStream(options);
  const chunked = rowsOfStep(network, dataset, options).chunks > 1;
  const { hidden, output } = state.velocity ?? {};
  return owning(device, (scope) => {
    const accumulates = options.momentum > 0 || chunked;
    const velocity = {
      hidden: accumulates
        ? scope.matrix('hidden velocity', [inputs, width], { data: hidden })
        : undefined,
      output: scope.matrix('output velocity', [width, outputs], { data: output }),
    };
    return {
      network,
      dataset,
      options,
      velocity,
      minibatches,
      iteration: state.iteration,
      dispose: () => scope.dispose(),
      [DISPOSE]: () => scope.dispose(),
    };
  });
}

function requireVelocity(
  { momentum }: TrainingOptions,
  { iteration, velocity }: TrainingState,
): void {
  if (momentum === 0 || iteration === 0 || velocity) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'momentum',
    given: momentum,
    allowed: '0',
    because: `the state at iteration ${iteration} has no velocity`,
  });
}

/** Waits for the GPU and copies what the training needs to go on later, the network aside. */
export async function readTrainingState(training: Training): Promise<TrainingState> {
  const { iteration, velocity, options } = training;
  // Without momentum a step overwrites the velocities before it reads them.
  if (options.momentum === 0 || !velocity.hidden) return { iteration };
  return {
    iteration,
    velocity: {
      hidden: await readMatrix(velocity.hidden),
      output: await readMatrix(velocity.output),
    },
  };
}

/**
 * Advances the training to iteration `until`, yielding now and then. Steps run on the GPU without
 * a read-back, but for the loss of one minibatch about twenty times a call. What a step needs besides
 * the network is allocated here and freed at the end, so that pruning at a checkpoint has the
 * memory to itself.
 *
 * @throws diverged with the iteration and a smaller learning rate when a loss is not finite;
 *   aborted between submits when the signal fires.
 */
export async function* advance(
  training: Training,
  until: number,
  signal?: AbortSignal,
): AsyncGenerator<TrainingProgress> {
  const { network, options } = training;
  using scope = new Scope(network.device);
  const step = await prepareStep(training, until, scope, signal);
  const commands = new Commands(network.device);
  const checkEvery = Math.max(
    STEPS_BETWEEN_CHECKS,
    Math.ceil((until - training.iteration) / LOSS_CHECKS),
  );
  const start = training.iteration;
  while (training.iteration < until) {
    // Steps that are encoded already count, and have to be on their way.
    if (signal?.aborted) commands.submit();
    throwIfAborted(signal);
    step.encode(commands);
    training.iteration++;
    await commands.submitIfFull();
    const { iteration } = training;
    if ((iteration - start) % checkEvery !== 0 && iteration !== until) continue;
    commands.submit();
    const minibatchLoss = await step.readLoss();
    if (!Number.isFinite(minibatchLoss)) throw divergence(iteration, options);
    yield { iteration, minibatchLoss };
  }
  await commands.finish();
}

/** A learning rate and where it came from. */
export type Rate = Pick<TrainingOptions, 'learningRate' | 'rateKey'>;

/** What to try in place of an η at which training diverged: 1, the usual one, at most. */
export function calmerRate(learningRate: number): number {
  return Math.min(1, Number((learningRate / 4).toPrecision(2)));
}

/** @param cause the error by which it showed, where it was not the loss itself. */
export function divergence(
  iteration: number,
  { learningRate, rateKey = 'learningRate' }: Rate,
  cause?: Error,
): EspalierError {
  const what = cause ? 'its numbers were' : 'the loss was';
  const calmer = calmerRate(learningRate);
  return new EspalierError(
    'diverged',
    { kind: 'diverged', what, iteration, key: rateKey, calmer },
    cause && { cause },
  );
}

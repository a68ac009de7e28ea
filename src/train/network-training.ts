import { type AnyPictures, bytesOfPicture, type Preprocessing } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import { readFloats } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { largestBinding, tooLarge } from '../gpu/limits.js';
import { Scope } from '../gpu/scope.js';
import type { Network, Weights } from '../graph/weights.js';
import { prepareSoftmaxLoss } from '../kernels/softmax-loss.js';
import { type NetworkTraining, prepareTraining } from '../layers/training.js';
import { randomStream } from '../random.js';
import { orderOfEpoch, stepsOfEpoch } from './epochs.js';
import { addPairs, mostPictures, requireAnswerable } from './evaluation.js';
import { type FedMinibatch, type PictureFeed, preparePictureFeed } from './picture-feed.js';
import { rateOfStep, type Schedule } from './schedule.js';
import { type PreparedTeacher, prepareTeacher, type Teacher } from './teacher.js';

/** How a network is trained by minibatches of pictures. */
export interface NetworkTrainingOptions extends Omit<Schedule, 'steps' | 'warmUp'> {
  readonly epochs: number;
  /** Minibatches of the whole training, in place of those of `epochs`. */
  readonly steps?: number;
  /** Pictures of a minibatch. */
  readonly batch: number;
  /** Epochs over which the rate first rises; none by default. */
  readonly warmUp?: number;
  readonly momentum: number;
  readonly nesterov?: boolean;
  /** Whether weights of filters that are zero stay zero, as pruned ones do. */
  readonly keepZeros?: boolean;
  readonly weightDecay: number;
  /** Crop out of a border of four pixels and mirror, by chance. */
  readonly augment: boolean;
  readonly preprocessing: Preprocessing;
  readonly seed: number;
  /** Whose answers are learned; without one the labels are. */
  readonly teacher?: Teacher | undefined;
  /** The setting that η came from, where it is another: what is to be lowered when training diverges. */
  readonly rateKey?: 'learningRate' | 'fineTuneLearningRate';
}

/** How ResNets are usually trained. */
export const TRAINING_DEFAULTS = {
  epochs: 30,
  batch: 128,
  learningRate: 0.1,
  schedule: 'cosine',
  warmUp: 0,
  momentum: 0.9,
  nesterov: false,
  weightDecay: 5e-4,
  augment: true,
  seed: 0,
} as const satisfies Partial<NetworkTrainingOptions>;

/** All that a training needs to go on with the same bits as if it had never stopped. */
export interface NetworkTrainingState {
  /** Minibatches done. */
  readonly step: number;
  readonly weights: Weights;
  readonly velocities: Weights;
}

/** Where a training begins, and what ends it early. */
export interface NetworkTrainingCourse {
  /** Where an earlier training of the same options and pictures stood. */
  readonly from?: NetworkTrainingState | undefined;
  /** Minibatches behind which its state is yielded, beside the ends of epochs. */
  readonly stops?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

export type NetworkTrainingEvent =
  | {
      readonly type: 'progress';
      /** Epochs done, with a share of the one under way. */
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      /** Mean loss and share of right answers of the pictures that were trained on since the last one. */
      readonly loss: number;
      readonly accuracy: number;
    }
  | { readonly type: 'epoch'; readonly epoch: number; readonly state: NetworkTrainingState };

/** Times an epoch that the loss is read: each waits for the GPU to run dry. */
const LOOKS = 20;

/**
 * Trains a network by minibatches of pictures, each once an epoch in an order of the epoch's own, on
 * the softmax cross-entropy by the labels, the divergence from a teacher's answers, or both. Yields
 * progress, and the state after each epoch and at each stop; a training that is aborted yields where it stood before
 * it throws.
 *
 * @throws bad-data for pictures that the network or its teacher does not take, or without labels
 *   where they are learned; limit-exceeded before anything is allocated that is too large; diverged;
 *   aborted between submits.
 */
export async function* trainNetwork(
  device: Device,
  network: Network,
  pictures: AnyPictures,
  options: NetworkTrainingOptions & NetworkTrainingCourse,
): AsyncGenerator<NetworkTrainingEvent, NetworkTrainingState> {
  const { count: examples } = pictures;
  const { batch, seed, from, stops = [], signal } = options;
  const learned = requireTrainable(device, network, pictures, options);
  using scope = new Scope(device);
  const start = from ? { ...network, weights: from.weights } : network;
  using training = await prepareTraining(device, start, {
    images: Math.min(batch, examples),
    nesterov: options.nesterov ?? false,
    keepZeros: options.keepZeros ?? false,
    ...(from && { velocities: from.velocities }),
  });
  using teacher =
    options.teacher && (await prepareTeacher(device, options.teacher.network, training.input));
  const step = await prepareStep(device, scope, training, { pictures: learned, options, teacher });
  const perEpoch = stepsOfEpoch({ examples, batch });
  const { steps = options.epochs * perEpoch } = options;
  const schedule = { ...options, warmUp: (options.warmUp ?? 0) * perEpoch, steps };
  const lookEvery = Math.max(1, Math.ceil(perEpoch / LOOKS));
  const commands = new Commands(device);
  let done = from?.step ?? 0;
  let looked = done;
  const stateNow = async (): Promise<NetworkTrainingState> => ({
    step: done,
    weights: await training.readWeights(),
    velocities: await training.readVelocities(),
  });
  try {
    while (done < steps) {
      const epoch = Math.floor(done / perEpoch);
      const first = (done % perEpoch) * batch;
      if (first === 0 || done === from?.step) {
        commands.submit();
        step.begin(orderOfEpoch({ examples, batch, seed }, epoch), first);
      }
      const images = Math.min(batch, examples - first);
      const rate = rateOfStep(schedule, done);
      await step.encode(commands, { first, images, rate, key: keyOfEpoch(seed, epoch) });
      done++;
      await commands.submitIfFull(signal);
      const ended = done % perEpoch === 0 || stops.includes(done);
      if (!ended && done % lookEvery !== 0) continue;
      commands.submit();
      const firstLooked = (looked % perEpoch) * batch;
      const figures = await step.look(firstLooked, first + images - firstLooked);
      if (!Number.isFinite(figures.loss)) throw divergence(options, epoch);
      looked = done;
      yield { type: 'progress', epoch: done / perEpoch, step: done, steps, ...figures };
      if (ended) yield { type: 'epoch', epoch: done / perEpoch, state: await stateNow() };
    }
    await commands.finish();
    return await stateNow();
  } catch (error) {
    const stopped = error instanceof EspalierError && error.code === 'aborted';
    if (stopped && done > (from?.step ?? 0)) {
      commands.submit();
      yield { type: 'epoch', epoch: done / perEpoch, state: await stateNow() };
    }
    throw error;
  }
}

/**
 * Refuses, before anything is allocated, pictures that the network cannot be trained on here. Gives
 * them without the labels that are not learned.
 */
function requireTrainable(
  device: Device,
  network: Network,
  pictures: AnyPictures,
  { teacher, batch }: Pick<NetworkTrainingOptions, 'teacher' | 'batch'>,
): AnyPictures {
  const { labels, ...unlabelled } = pictures;
  requireAnswerable(network, pictures);
  if (teacher) requireAnswerable(teacher.network, pictures);
  const byLabels = (teacher?.share ?? 0) < 1;
  if (byLabels && !labels) {
    throw new EspalierError(
      'bad-data',
      'Training needs pictures with labels; these have none, and only distillation alone does without.',
    );
  }
  const bytes = bytesOfPicture(pictures);
  const fits = mostPictures(largestBinding(device), bytes);
  const { count } = pictures;
  // Of streamed pictures there is a minibatch at a time on the device.
  const [key, given] = 'read' in pictures ? ['batch', Math.min(batch, count)] : ['examples', count];
  if (given > fits) throw tooLarge(device, { key, what: 'the pictures', given, fits });
  return byLabels ? pictures : unlabelled;
}

interface Step extends Pick<PictureFeed, 'begin'> {
  readonly encode: (
    commands: Commands,
    minibatch: FedMinibatch & { readonly rate: number },
  ) => Promise<void>;
  /**
   * Mean loss and accuracy of so many of the epoch's pictures, from the first on; where no labels are
   * learned an answer is right when the teacher gives it too.
   */
  readonly look: (
    first: number,
    count: number,
  ) => Promise<{ readonly loss: number; readonly accuracy: number }>;
}

async function prepareStep(
  device: Device,
  scope: Scope,
  training: NetworkTraining,
  {
    pictures,
    options,
    teacher,
  }: {
    readonly pictures: AnyPictures;
    readonly options: NetworkTrainingOptions;
    readonly teacher: PreparedTeacher | undefined;
  },
): Promise<Step> {
  const { count, labels } = pictures;
  const { output, outputGradient, input } = training;
  const feed = await preparePictureFeed(device, scope, { pictures, input, options });
  const { indices } = feed;
  const results = scope.buffer('losses', 2 * count);
  const { momentum, weightDecay } = options;
  const share = options.teacher?.share ?? 0;
  const judge = await prepareSoftmaxLoss(device, {
    logits: output.matrix,
    labels: labels && scope.bufferFrom('labels', labels),
    teacher: teacher?.answers,
    indices,
    gradient: outputGradient.matrix,
    results,
  });
  return {
    begin: feed.begin,
    encode: async (commands, { first, images, rate, key }) => {
      await feed.encode(commands, { images, first, key });
      training.forward(commands, images);
      teacher?.encode(commands, images);
      judge(commands, { images, first, firstResult: first, share });
      training.backward(commands, images);
      training.update(commands, { rate, momentum, decay: weightDecay });
    },
    look: async (first, size) => {
      const { loss, right } = addPairs(await readFloats(results, 2 * first, 2 * size));
      return { loss: loss / size, accuracy: right / size };
    },
  };
}

/** What an epoch's crops and mirrorings hang on. */
function keyOfEpoch(seed: number, epoch: number): number {
  return randomStream(seed, `augmentation ${epoch}`).below(2 ** 32);
}

function divergence(
  { learningRate, rateKey = 'learningRate' }: NetworkTrainingOptions,
  epoch: number,
): EspalierError {
  return new EspalierError('diverged', {
    kind: 'diverged',
    what: 'the loss was',
    iteration: epoch,
    key: rateKey,
    calmer: Number((learningRate / 4).toPrecision(2)),
  });
}

import type { AnyPictures, Preprocessing } from '../../data/pictures.js';
import { heldPictures } from '../../data/read-ahead.js';
import { EspalierError } from '../../errors.js';
import { drawCalibration } from '../../experiment/model/prune/calibration.js';
import type { PruneOptions } from '../../experiment/model/prune/events.js';
import { pruneNetwork } from '../../experiment/model/prune/prune.js';
import { relayed } from '../../experiment/relay.js';
import type { Device } from '../../gpu/device.js';
import type { Network } from '../../graph/weights.js';
import { evaluatePictures } from '../../train/evaluation.js';
import type { ModelStudyCell } from './cell.js';
import type { ModelStudyConfig } from './config.js';
import { type ModelCellPlace, type ModelTrial, seedOfModelTrial } from './grid.js';
import { type KeptTraining, trainKept } from './train-kept.js';

/** One trial of a study of a deep network, and what is known of it. */
export interface ModelTrialInput {
  readonly config: ModelStudyConfig;
  readonly trial: ModelTrial;
  /** As it is before any training. */
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** The trial's own pictures. */
  readonly train: AnyPictures;
  /** Their `picturesChecksum`, for which streamed pictures have to be decoded. */
  readonly crc32: string;
  /** Pictures that only measure. */
  readonly test: AnyPictures;
  /** The places that are to be filled, in their order. */
  readonly places: readonly ModelCellPlace[];
  /** Networks of these places that are there already, by `networkName`. */
  readonly networks?: ReadonlyMap<string, Network>;
  /** Where a training of this trial stood last. */
  readonly training?: KeptTraining;
}

/** What a trial yields: progress, what to go on from, each network that is done, and each cell. */
export type ModelTrialEvent =
  | {
      readonly type: 'progress';
      readonly trial: ModelTrial;
      /** The network that is made or measured. */
      readonly name: string;
      readonly phase: 'training' | 'cutting' | 'measuring';
      /** From 0 to 1. */
      readonly share: number;
    }
  | { readonly type: 'state'; readonly trial: ModelTrial; readonly training: KeptTraining }
  | {
      readonly type: 'network';
      readonly trial: ModelTrial;
      readonly name: string;
      readonly network: Network;
    }
  | { readonly type: 'cell'; readonly trial: ModelTrial; readonly cell: ModelStudyCell };

/** What a trial makes of a network at a checkpoint. */
const NETWORKS = [
  'dense',
  'pruned',
  'fine-tuned',
  'dense-trained-on',
  'from-scratch',
  // Where magnitude pruning follows.
  'then-fine-tuned',
  'cut-further',
  'channels-alone',
  'magnitude-alone',
] as const;

type StudiedNetwork = (typeof NETWORKS)[number];

const NETWORK = new RegExp(`^(?:${NETWORKS.join('|')})-(\\d+)(?:-|$)`);

/** The name of one of a trial's networks: what it is, the steps of pre-training, and of cut ones how they were cut. */
export function networkName(kind: StudiedNetwork, iteration: number, how?: string): string {
  return [kind, iteration, ...(how === undefined ? [] : [how])].join('-');
}

/** The steps of pre-training that a network's name says; undefined for what is no such name. */
export function iterationInName(name: string): number | undefined {
  const [, iteration] = NETWORK.exec(name) ?? [];
  return iteration === undefined ? undefined : Number(iteration);
}

/** A trial under way: its input, and what has been made so far. */
export interface Work {
  readonly device: Device;
  readonly input: ModelTrialInput;
  readonly signal: AbortSignal | undefined;
  readonly networks: Map<string, Network>;
  readonly figures: Map<string, Figures>;
}

export interface Figures {
  readonly loss: number;
  readonly accuracy: number;
}

/** How a network is trained. */
export interface Course {
  readonly steps: number;
  readonly learningRate: number;
  readonly rateKey?: 'learningRate' | 'fineTuneLearningRate';
  /** Whether weights that are zero stay zero. */
  readonly keepZeros?: boolean;
  /** The networks that are asked for, by their steps; the last one's by default. */
  readonly stops?: ReadonlyMap<number, string>;
}

/** Trains what a subnetwork is compared with: one that diverges is left out of the comparison, and false given. */
export async function* learnControl(
  work: Work,
  name: string,
  network: Network,
  course: Course,
): AsyncGenerator<ModelTrialEvent, boolean> {
  try {
    yield* learn(work, name, network, course);
    return true;
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'diverged') return false;
    throw error;
  }
}

/** Trains a network that is not there yet. */
export async function* learn(
  { device, input, signal, networks }: Work,
  name: string,
  network: Network,
  { steps, learningRate, rateKey, keepZeros = false, stops = new Map([[steps, name]]) }: Course,
): AsyncGenerator<ModelTrialEvent, void> {
  if (networks.has(name)) return;
  const { config, trial, train, preprocessing } = input;
  const { batch, schedule, momentum, weightDecay } = config;
  const seed = seedOfModelTrial(config, trial);
  const augment = config.augment === 'crop-flip';
  const usual = { batch, schedule, momentum, weightDecay, augment, preprocessing, seed };
  const options = {
    ...usual,
    keepZeros,
    epochs: 1,
    steps,
    learningRate,
    ...(rateKey && { rateKey }),
  };
  const from = input.training;
  const request = { name, network, pictures: train, options, stops, from, signal };
  yield* relayed(trainKept(device, request), (event): ModelTrialEvent => {
    if (event.type === 'network') networks.set(event.name, event.network);
    if (event.type !== 'progress') return { ...event, trial };
    return { ...event, trial, name, phase: 'training' };
  });
}

/** Cuts a dense network, as its options say, to one that is not there yet. */
export async function* cut(
  { device, input, signal, networks }: Work,
  name: string,
  { dense, options }: { readonly dense: Network; readonly options: PruneOptions },
): AsyncGenerator<ModelTrialEvent, void> {
  if (networks.has(name)) return;
  const { config, trial, train, preprocessing } = input;
  const seed = seedOfModelTrial(config, trial);
  const calibration = await heldPictures(drawCalibration({ ...config, seed }, train));
  const { trainBetween: epochs, fineTuneLearningRate: learningRate } = config;
  const rateKey = 'fineTuneLearningRate' as const;
  const between = epochs > 0 && { pictures: train, epochs, learningRate, rateKey };
  const problem = {
    ...{ network: dense, calibration, preprocessing, options },
    ...(between && { between }),
  };
  let share = 0;
  const pruning = pruneNetwork(device, problem, signal ? { signal } : {});
  const { network } = yield* relayed(pruning, (event): ModelTrialEvent => {
    if (event.type === 'progress') share = event.share;
    return { type: 'progress', trial, name, phase: 'cutting', share };
  });
  networks.set(name, network);
  yield { type: 'network', trial, name, network };
}

/** Measures a network, once. */
export async function* measure(
  { device, input, signal, networks, figures }: Work,
  name: string,
): AsyncGenerator<ModelTrialEvent, Figures> {
  const known = figures.get(name);
  if (known) return known;
  const { trial, test, preprocessing } = input;
  const network = networkNamed({ networks }, name);
  const evaluation = evaluatePictures(device, network, test, { preprocessing, signal });
  const { loss = Number.NaN, accuracy = Number.NaN } = yield* relayed(
    evaluation,
    (done): ModelTrialEvent => {
      return { type: 'progress', trial, name, phase: 'measuring', share: done / test.count };
    },
  );
  const found = { loss, accuracy };
  figures.set(name, found);
  return found;
}

export function networkNamed({ networks }: Pick<Work, 'networks'>, name: string): Network {
  const network = networks.get(name);
  if (network) return network;
  throw new RangeError(`The network ${name} is not made yet.`);
}

/** A network's figures under the names that a cell has for them. */
export function named<Name extends string>(name: Name, { loss, accuracy }: Figures) {
  return { [`${name}TestLoss`]: loss, [`${name}TestAccuracy`]: accuracy } as Readonly<
    Record<`${Name}TestLoss` | `${Name}TestAccuracy`, number>
  >;
}

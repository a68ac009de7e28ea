import type { AnyPictures, Preprocessing } from '../../data/pictures.js';
import { heldPictures, picturesChecksum } from '../../data/read-ahead.js';
import { EspalierError } from '../../errors.js';
import { drawCalibration } from '../../experiment/model/prune/calibration.js';
import { pruneNetwork } from '../../experiment/model/prune/prune.js';
import { chosenUnits } from '../../experiment/model/prune/units.js';
import { relayed } from '../../experiment/relay.js';
import type { Device } from '../../gpu/device.js';
import { inferShapes } from '../../graph/shapes.js';
import { summarise } from '../../graph/summary.js';
import type { Network } from '../../graph/weights.js';
import { drawWeights } from '../../models/initial-weights.js';
import type { ChannelCriterion } from '../../prune/channels/criteria.js';
import { evaluatePictures, requireAnswerable } from '../../train/evaluation.js';
import type { ModelStudyCell } from './cell.js';
import { type ModelStudyConfig, pruneOptionsOfStudy } from './config.js';
import { type ModelCellPlace, type ModelTrial, seedOfModelTrial, stepsOfStudy } from './grid.js';
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
type StudiedNetwork = 'dense' | 'pruned' | 'fine-tuned' | 'dense-trained-on' | 'from-scratch';

const NETWORK = /^(?:dense|pruned|fine-tuned|dense-trained-on|from-scratch)-(\d+)(?:-|$)/;

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
interface Work {
  readonly device: Device;
  readonly input: ModelTrialInput;
  readonly signal: AbortSignal | undefined;
  readonly networks: Map<string, Network>;
  readonly figures: Map<string, Figures>;
}

interface Figures {
  readonly loss: number;
  readonly accuracy: number;
}

/**
 * Does one trial: one pre-training, kept at each of its checkpoints, and at each of these, by each
 * criterion, a subnetwork that is cut, fine-tuned and measured. Beside it stand the dense network
 * trained on for as long, and the subnetwork's architecture from scratch for as many steps in all.
 * Cuts to the same architecture share the latter.
 *
 * Given the networks and the training that an earlier call yielded it goes on from there, and on the
 * same adapter its cells have the same bits.
 *
 * @throws bad-config when a budget cannot be met; bad-network, bad-data, limit-exceeded, diverged,
 *   aborted as `trainNetwork` and `pruneNetwork` do.
 */
export async function* studyModelTrial(
  device: Device,
  input: ModelTrialInput,
  signal?: AbortSignal,
): AsyncGenerator<ModelTrialEvent, void> {
  const { config, trial, network, train, test, places } = input;
  requireAnswerable(network, test);
  const networks = new Map(input.networks);
  const work: Work = { device, input, signal, networks, figures: new Map() };
  let start = performance.now();
  const missing = places.filter((place) => !networks.has(networkName('dense', place.iteration)));
  if (missing.length > 0) {
    const { all, checkpoints } = stepsOfStudy(config, trial.examples);
    const stops = new Map(checkpoints.map((at) => [at, networkName('dense', at)]));
    const course = { steps: all, learningRate: config.learningRate, stops };
    yield* learn(work, 'dense', network, course);
  }
  const crc32 = await picturesChecksum(train);
  for (const place of places) {
    const figures = yield* fillPlace(work, place);
    const now = performance.now();
    const cell = {
      ...place,
      crc32,
      ...figures,
      seconds: (now - start) / 1000,
      adapter: device.adapter.name,
    };
    start = now;
    yield { type: 'cell', trial, cell };
    // Nothing else of the trial asks for these, and a large network's are many.
    for (const kind of ['pruned', 'fine-tuned'] as const) {
      networks.delete(networkName(kind, place.iteration, place.criterion));
    }
  }
}

/** Makes and measures all networks of one cell. */
async function* fillPlace(work: Work, { iteration, criterion }: ModelCellPlace) {
  const { config, trial, network } = work.input;
  const seed = seedOfModelTrial(config, trial);
  const { fineTune: more } = stepsOfStudy(config, trial.examples);
  const names = {
    dense: networkName('dense', iteration),
    pruned: networkName('pruned', iteration, criterion),
    fineTuned: networkName('fine-tuned', iteration, criterion),
    continued: networkName('dense-trained-on', iteration),
  };
  const dense = networkNamed(work, names.dense);
  if (!work.networks.has(names.pruned)) yield* cut(work, names.pruned, { criterion, dense });
  const pruned = networkNamed(work, names.pruned);
  const tuning = {
    steps: more,
    learningRate: config.fineTuneLearningRate,
    rateKey: 'fineTuneLearningRate',
  } as const;
  if (more > 0) yield* learn(work, names.fineTuned, pruned, tuning);
  const controls = more > 0 && config.controls;
  const kept = keptChannels(dense, pruned, config);
  const scratch = networkName('from-scratch', iteration, kept.join('-'));
  const compared = { continued: false, scratch: false };
  if (controls) {
    compared.continued = yield* learnControl(work, names.continued, dense, tuning);
    const fresh = { graph: pruned.graph, weights: drawWeights(pruned.graph, seed) };
    const course = { steps: iteration + more, learningRate: config.learningRate };
    compared.scratch = yield* learnControl(work, scratch, fresh, course);
  }
  const [whole, part] = [summarise(network.graph), summarise(pruned.graph)];
  return {
    ...named('dense', yield* measure(work, names.dense)),
    ...named('subnetwork', yield* measure(work, names.pruned)),
    ...(more > 0 && named('fineTuned', yield* measure(work, names.fineTuned))),
    ...(compared.continued && named('continued', yield* measure(work, names.continued))),
    ...(compared.scratch && named('scratch', yield* measure(work, scratch))),
    multiplyAdds: part.multiplyAdds,
    denseMultiplyAdds: whole.multiplyAdds,
    parameters: part.parameters,
    denseParameters: whole.parameters,
    kept: kept.join(' '),
  };
}

/** How a network is trained. */
interface Course {
  readonly steps: number;
  readonly learningRate: number;
  readonly rateKey?: 'learningRate' | 'fineTuneLearningRate';
  /** The networks that are asked for, by their steps; the last one's by default. */
  readonly stops?: ReadonlyMap<number, string>;
}

/** Trains what a subnetwork is compared with: one that diverges is left out of the comparison, and false given. */
async function* learnControl(
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
async function* learn(
  { device, input, signal, networks }: Work,
  name: string,
  network: Network,
  { steps, learningRate, rateKey, stops = new Map([[steps, name]]) }: Course,
): AsyncGenerator<ModelTrialEvent, void> {
  if (networks.has(name)) return;
  const { config, trial, train, preprocessing } = input;
  const { batch, schedule, momentum, weightDecay } = config;
  const seed = seedOfModelTrial(config, trial);
  const augment = config.augment === 'crop-flip';
  const usual = { batch, schedule, momentum, weightDecay, augment, preprocessing, seed };
  const options = { ...usual, epochs: 1, steps, learningRate, ...(rateKey && { rateKey }) };
  const from = input.training;
  const request = { name, network, pictures: train, options, stops, from, signal };
  yield* relayed(trainKept(device, request), (event): ModelTrialEvent => {
    if (event.type === 'network') networks.set(event.name, event.network);
    if (event.type !== 'progress') return { ...event, trial };
    return { ...event, trial, name, phase: 'training' };
  });
}

/** Cuts a dense network by one criterion. */
async function* cut(
  { device, input, signal, networks }: Work,
  name: string,
  { criterion, dense }: { readonly criterion: ChannelCriterion; readonly dense: Network },
): AsyncGenerator<ModelTrialEvent, void> {
  const { config, trial, train, preprocessing } = input;
  const seed = seedOfModelTrial(config, trial);
  const calibration = await heldPictures(drawCalibration({ ...config, seed }, train));
  const options = pruneOptionsOfStudy(config, { criterion, seed, graph: dense.graph });
  const problem = { network: dense, calibration, preprocessing, options };
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
async function* measure(
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

function networkNamed({ networks }: Pick<Work, 'networks'>, name: string): Network {
  const network = networks.get(name);
  if (network) return network;
  throw new RangeError(`The network ${name} is not made yet.`);
}

/** Channels that a cut has left of each unit. */
function keptChannels(
  dense: Network,
  pruned: Network,
  { units }: Pick<ModelStudyConfig, 'units'>,
): readonly number[] {
  const shapes = inferShapes(pruned.graph);
  return chosenUnits(dense.graph, units).map(
    ({ writers: [writer = ''] }) => shapes.get(writer)?.channels ?? 0,
  );
}

/** A network's figures under the names that a cell has for them. */
function named<Name extends string>(name: Name, { loss, accuracy }: Figures) {
  return { [`${name}TestLoss`]: loss, [`${name}TestAccuracy`]: accuracy } as Readonly<
    Record<`${Name}TestLoss` | `${Name}TestAccuracy`, number>
  >;
}

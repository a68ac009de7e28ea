import { type Pictures, PREPROCESSINGS } from '../../src/data/pictures.js';
import { answersFrom, largest } from '../../src/experiment/model/prune/answers.js';
import { readingsOfUnit } from '../../src/experiment/model/prune/consumers.js';
import {
  encodeSegment,
  type Frontier,
  frontierOfPictures,
  liveMaps,
} from '../../src/experiment/model/prune/frontier.js';
import { byFallingLoss, pickChannel } from '../../src/experiment/model/prune/network-loss.js';
import {
  type NetworkTrials,
  prepareTrials,
} from '../../src/experiment/model/prune/network-trials.js';
import { Commands } from '../../src/gpu/commands.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { summarise } from '../../src/graph/summary.js';
import { findUnits, type Unit } from '../../src/graph/units.js';
import type { Network } from '../../src/graph/weights.js';
import { prepareSegment } from '../../src/layers/segment.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { type Benchmark, type ContestContext, type Cost, workload } from '../benchmark.js';
import { timeRuns } from '../sampling.js';
import { drawPictures, referencePictures } from './random-pictures.js';

/** The unit inside one of a ResNet's blocks, counted from 1 on, and rows and columns of its pictures. */
type LossShape = { readonly depth: 8 | 20; readonly block: number; readonly size: number };

/**
 * The library's way, where candidates that cannot win drop out; each candidate by itself behind what is
 * computed once; and each by itself from the pictures on, as published code does.
 */
const WAYS = ['raced', 'one-at-a-time', 'from-pictures'] as const;

const SEED = 0;
const MINIBATCH = 32;
/** Candidates that are answered by themselves: all take as long, so that the others are not waited for. */
const SAMPLED = 4;
const LEAST_RUNS = 1;

/**
 * One pick of `network-loss`: with the first half of a unit's channels picked, the best of the others
 * by the loss of the whole network on a minibatch.
 */
export const networkLoss: Benchmark = workload<LossShape>({
  name: 'network-loss',
  seconds: 6,
  shapes: [
    ...[2, 5, 8, 9].map((block): LossShape => ({ depth: 20, block, size: 32 })),
    { depth: 8, block: 3, size: 8 },
  ],
  variants: WAYS,
  needsSource: false,
  contend,
});

async function contend(context: ContestContext, shape: LossShape) {
  const { device, own, share, variant, signal } = context;
  const setup = await share(() => setUp(context, shape));
  const { picked, candidates, trials, hardest } = setup;
  if (variant === 'raced') {
    const once = () => pickChannel(device, trials, { picked, candidates, hardest, signal });
    return {
      verify: async () => requireBest(setup, (await once()).pick),
      time: (seconds: number) => timeRuns(once, seconds, LEAST_RUNS),
      cost: () => costOfPick(setup),
    };
  }
  const alone = own(await prepareTrials(device, setup, MINIBATCH));
  const before = variant === 'from-pictures' ? await wayToUnit(context, setup) : undefined;
  const sample = candidates.slice(0, SAMPLED);
  const lossesAlone = async () => {
    const losses: Float32Array[] = [];
    for (const channel of sample) {
      await before?.();
      losses.push(await alone.losses(picked, minibatchOf(channel)));
    }
    return losses;
  };
  return {
    verify: async () => requireLosses(setup, sample, await lossesAlone()),
    time: async (seconds: number) => {
      const { samples, clock } = await timeRuns(lossesAlone, seconds, LEAST_RUNS);
      return { clock, samples: samples.map((ms) => (ms * candidates.length) / sample.length) };
    },
    cost: () => costOfPick(setup),
  };
}

interface LossSetup {
  /** In inference form. */
  readonly network: Network;
  readonly unit: Unit;
  /** The pictures themselves. */
  readonly place: { readonly network: Network; readonly frontier: Frontier };
  readonly labels: Uint32Array;
  readonly picked: readonly number[];
  readonly candidates: readonly number[];
  readonly trials: NetworkTrials;
  readonly hardest: readonly number[];
  readonly calibration: Pictures;
}

async function setUp({ device, own }: ContestContext, { depth, block, size }: LossShape) {
  const graph = buildArchitecture(`resnet${depth}`, {
    input: { channels: 3, height: size, width: size },
  });
  const network = foldBatchNorms({ graph, weights: drawWeights(graph, SEED) });
  const calibration = drawPictures(MINIBATCH, size, SEED);
  const frontier = own(
    await frontierOfPictures(device, network.graph, calibration, PREPROCESSINGS.unit),
  );
  const place = { network, frontier };
  // As of a trained network, its own answers are the right ones.
  const answers = await answersFrom(device, place, MINIBATCH);
  const classes = answers.length / MINIBATCH;
  const labels = Uint32Array.from({ length: MINIBATCH }, (_, image) =>
    largest(answers.subarray(image * classes, (image + 1) * classes)),
  );
  const unit = findUnits(network.graph).units.filter(({ kind }) => kind === 'inner')[block - 1];
  if (!unit) throw new RangeError(`There is no block ${block}.`);
  const channels = Array.from({ length: unit.channels }, (_, channel) => channel);
  const half = Math.ceil(unit.channels / 2);
  const [picked, candidates] = [channels.slice(0, half), channels.slice(half)];
  const trials = own(await prepareTrials(device, { unit, place, labels }));
  const before = await trials.losses(picked.slice(0, -1), minibatchOf(half - 1));
  const hardest = byFallingLoss(before);
  return { network, unit, place, labels, picked, candidates, trials, hardest, calibration };
}

function minibatchOf(channel: number) {
  return Array.from({ length: MINIBATCH }, (_, image) => ({ channel, image }));
}

/** Runs the network from the pictures to where the unit is read, which `prepareTrials` did once. */
async function wayToUnit({ device, own }: ContestContext, { place, unit, network }: LossSetup) {
  const { graph } = network;
  const consumers = unit.consumers.map(({ node }) => node);
  const position = graph.nodes.findIndex(({ name }) => consumers.includes(name));
  const segment = own(
    await prepareSegment(device, network, {
      images: MINIBATCH,
      given: place.frontier.names,
      wanted: liveMaps(graph, position),
    }),
  );
  return async () => {
    const commands = new Commands(device);
    for (const chunk of place.frontier.chunks) encodeSegment(commands, segment, chunk);
    await commands.finish();
  };
}

/** @throws when another candidate has a smaller loss. */
async function requireBest(setup: LossSetup, pick: number | undefined): Promise<string> {
  const { candidates, picked, trials } = setup;
  const all = await trials.losses(picked, candidates.flatMap(minibatchOf));
  const sums = candidates.map((_, at) =>
    all.subarray(at * MINIBATCH, (at + 1) * MINIBATCH).reduce((sum, loss) => sum + loss, 0),
  );
  const best = candidates[sums.indexOf(Math.min(...sums))];
  if (pick !== best) throw new Error(`channel ${pick} was picked, where ${best} is the best`);
  requireLosses(setup, candidates.slice(0, 1), [all.subarray(0, MINIBATCH)]);
  return `of ${candidates.length} candidates the best, by losses as float64 has them`;
}

/** Images of a candidate that float64 answers too. */
const CHECKED_IMAGES = 2;
/** Share of the largest logit by which one in float32 may be off; a loss by twice as much. */
const LOGIT_TOLERANCE = 1e-4;

/** @throws when the first candidate's losses are not those of the network with its consumer's weights scaled. */
function requireLosses(
  { network, unit, labels, picked, calibration }: LossSetup,
  [candidate = -1]: readonly number[],
  [losses = new Float32Array()]: readonly Float32Array[],
): string {
  const kept = [...picked, candidate];
  const [consumer] = readingsOfUnit(network.graph, inferShapes(network.graph), unit);
  const weight = consumer && network.weights.get(consumer.weight);
  if (!consumer || !weight) throw new RangeError(`Nothing reads ${unit.name}.`);
  const taps = consumer.kernel[0] * consumer.kernel[1];
  const inputs = weight.data.length / (consumer.outputs * taps);
  const data = Float64Array.from(weight.data, (value, at) => {
    const channel = Math.floor(at / taps) % inputs;
    return kept.includes(channel) ? (value * unit.channels) / kept.length : 0;
  });
  // The reference computes in float64 whatever array the numbers lie in.
  const scaled = { shape: weight.shape, data: data as unknown as Float32Array };
  const weights = new Map(network.weights).set(consumer.weight, scaled);
  const pictures = referencePictures(
    { calibration, preprocessing: PREPROCESSINGS.unit },
    CHECKED_IMAGES,
  );
  const answers = referenceAnswers({ graph: network.graph, weights }, pictures);
  const tolerance = 2 * LOGIT_TOLERANCE * Math.max(...answers.map(Math.abs));
  const classes = answers.length / CHECKED_IMAGES;
  for (let image = 0; image < CHECKED_IMAGES; image++) {
    const logits = answers.subarray(image * classes, (image + 1) * classes);
    const most = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - most), 0);
    const expected = Math.log(sum) + most - (logits[labels[image] ?? -1] ?? Number.NaN);
    const found = losses[image] ?? Number.NaN;
    if (Math.abs(found - expected) <= tolerance) continue;
    throw new Error(`image ${image} has a loss of ${found}, where float64 has ${expected}`);
  }
  return `losses as float64 has them, to ${tolerance.toPrecision(2)}`;
}

/** Every candidate's minibatch through the network behind the unit; its images and weights must be read. */
function costOfPick({ network, unit, candidates }: LossSetup): Cost {
  const { nodes, parameters } = summarise(network.graph);
  const consumers = unit.consumers.map(({ node }) => node);
  const behind = nodes.slice(nodes.findIndex(({ name }) => consumers.includes(name)));
  const once = behind.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  const { height, width, channels } = network.graph.input;
  return {
    operations: 2 * candidates.length * MINIBATCH * once,
    bytes: 4 * (MINIBATCH * height * width * channels + parameters),
  };
}

import { Commands } from '../../src/gpu/commands.js';
import { readMatrix, uploadMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import type { Graph } from '../../src/graph/graph.js';
import { summarise } from '../../src/graph/summary.js';
import type { Network, Weights } from '../../src/graph/weights.js';
import { prepareSoftmaxLoss } from '../../src/kernels/softmax-loss.js';
import { prepareInference } from '../../src/layers/inference.js';
import { prepareTraining } from '../../src/layers/training.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { randomStream } from '../../src/random.js';
import { UNIT } from '../../src/reference/bound.js';
import { type ReferenceMaps, referenceAnswers } from '../../src/reference/network.js';
import { type Benchmark, type ContestContext, type Cost, workload } from '../benchmark.js';
import { spread } from '../check.js';
import { rivalry } from '../peers/contender.js';
import { permuted } from '../peers/permute.js';
import { timeRepeated } from '../sampling.js';

/** ResNet-20 in the CIFAR form, on images of so many rows and columns, with the weights of a beginning. */
type ResnetShape = { readonly images: number; readonly size: number };

const SHAPES: readonly ResnetShape[] = [
  { images: 32, size: 32 },
  { images: 2, size: 8 },
];
const SEED = 0;
const SECONDS = 8;

/** Answers for a minibatch, from images on the device to logits there. */
export const resnetForward: Benchmark = workload<ResnetShape>({
  name: 'resnet20-forward',
  seconds: SECONDS,
  shapes: SHAPES,
  needsSource: false,
  contend: contendForward,
  rival: rivalry(
    ({ networkForward }) => networkForward,
    async ({ share }, shape) => share(async () => forwardChallenge(shape)),
  ),
});

/** A training step on a minibatch, batch norms in training mode. */
export const resnetStep: Benchmark = workload<ResnetShape>({
  name: 'resnet20-step',
  seconds: SECONDS,
  shapes: SHAPES,
  needsSource: false,
  contend: contendStep,
  rival: rivalry(
    ({ networkStep }) => networkStep,
    async ({ share }, shape) => share(async () => stepChallenge(shape)),
  ),
});

async function contendForward({ device, own, share }: ContestContext, shape: ResnetShape) {
  const { task, check, cost } = await share(async () => forwardChallenge(shape));
  const inference = own(await prepareInference(device, task, task));
  uploadMatrix(inference.input.matrix, task.input);
  const run = async (times: number) => {
    const commands = new Commands(device);
    for (let time = 0; time < times; time++) {
      inference.encode(commands, task.images);
      await commands.submitIfFull();
    }
    await commands.finish();
  };
  return {
    verify: async () => {
      await run(1);
      return check(await readMatrix(inference.output.matrix));
    },
    time: (seconds: number) => timeRepeated(run, seconds),
    cost,
  };
}

async function contendStep({ device, own, share }: ContestContext, shape: ResnetShape) {
  const { task, check, cost } = await share(async () => stepChallenge(shape));
  const { images, labels, learningRate: rate } = task;
  const training = own(await prepareTraining(device, task, task));
  const scope = own(new Scope(device));
  uploadMatrix(training.input.matrix, task.input);
  const judge = await prepareSoftmaxLoss(device, {
    logits: training.output.matrix,
    labels: scope.bufferFrom('labels', labels),
    gradient: training.outputGradient.matrix,
    results: scope.buffer('losses', 2 * images),
  });
  const run = async (times: number) => {
    const commands = new Commands(device);
    for (let time = 0; time < times; time++) {
      training.forward(commands, images);
      judge(commands, { images });
      training.backward(commands, images);
      training.update(commands, { rate, momentum: 0, decay: 0 });
      await commands.submitIfFull();
    }
    await commands.finish();
  };
  return {
    verify: async () => {
      await run(1);
      return check(await training.readWeights());
    },
    time: (seconds: number) => timeRepeated(run, seconds),
    cost,
  };
}

function resnet({ images, size }: ResnetShape) {
  const graph = buildArchitecture('resnet20', {
    input: { channels: 3, height: size, width: size },
  });
  const stream = randomStream(SEED, 'images');
  const input = Float32Array.from({ length: images * size * size * 3 }, () => stream.normal());
  return { graph, weights: drawWeights(graph, SEED), images, input };
}

/** So many images that float64 answers; each is answered by itself. */
const CHECKED_IMAGES = 2;
/** Share of the largest logit by which one may be off. */
const LOGIT_TOLERANCE = 1e-4;

function forwardChallenge(shape: ResnetShape) {
  const { graph, weights, ...given } = resnet(shape);
  const task = { ...foldBatchNorms({ graph, weights }), ...given };
  const checked = spread(shape.images, CHECKED_IMAGES);
  const expected = referenceAnswers({ graph, weights }, referenceImages(task, checked));
  const check = (logits: Float32Array): string => {
    const classes = expected.length / checked.length;
    const largest = Math.max(...expected.map(Math.abs));
    expected.forEach((value, at) => {
      const image = checked[Math.floor(at / classes)] ?? -1;
      const logit = logits[image * classes + (at % classes)] ?? Number.NaN;
      if (Math.abs(logit - value) <= LOGIT_TOLERANCE * largest) return;
      throw new Error(`logit ${at % classes} of image ${image} is ${logit}, not ${value}`);
    });
    return `the logits of ${checked.length} images within ${LOGIT_TOLERANCE} of the largest`;
  };
  return { task, check, cost: () => resnetCost(shape, graph, 1) };
}

const LEARNING_RATE = 0.1;
/**
 * How far all weights are moved together to see in float64 what the loss does. ReLUs that turn within
 * the move bend the difference: this library's gradient for 32 images lies 0.0034, 0.0006 and 0.0004 of
 * its length off it with moves of 1e-6, 1e-7 and 1e-8. Float64's own rounding, 1e-15 of the loss over
 * the move, is still far less there.
 */
const MOVE = 1e-8;
/** Layers with a ReLU behind, and the products of the longest sum before one: 3 × 3 taps of 64 channels. */
const RELUS = 19;
const LONGEST_SUM = 9 * 64;
/**
 * Share of the gradient's length by which its part along that move may be off. In float32 a sum of n
 * products is off by ε = u √n of its deviation (Higham and Mary, A New Approach to Probabilistic Rounding
 * Error Analysis, 2019). Of normalised sums a share of 2 ε / √(2π) lies so near to zero that its ReLU may
 * turn. As many gradients pass or are stopped wrongly, here and there, which is √ of that share of the
 * length; and so in every layer. Rounding the gradients themselves adds ε a layer, far less.
 */
const SLOPE_TOLERANCE = Math.sqrt(
  RELUS * 2 * ((UNIT * Math.sqrt(LONGEST_SUM)) / Math.sqrt(2 * Math.PI)),
);

/**
 * A first step is −η times the gradient. Its part along a random direction of all weights is held
 * against the loss's difference along it in float64, which any wrong part of the gradient would miss.
 */
function stepChallenge(shape: ResnetShape) {
  const { images } = shape;
  const network = resnet(shape);
  const labels = Uint32Array.from({ length: images }, (_, image) => image % 10);
  const task = { ...network, labels, learningRate: LEARNING_RATE };
  const stream = randomStream(SEED, 'direction');
  const direction = new Map(
    [...network.weights]
      .filter(([name]) => !/running_/.test(name))
      .map(([name, { data }]) => [name, Float64Array.from(data, () => stream.normal())] as const),
  );
  const maps = referenceImages(task, spread(images, images));
  const lossAt = (by: number) => crossEntropy(moved(network, direction, by), maps, labels);
  const slope = (lossAt(MOVE) - lossAt(-MOVE)) / (2 * MOVE);
  const check = (after: Weights): string => {
    let [along, squares] = [0, 0];
    for (const [name, parts] of direction) {
      const [from, to] = [network.weights.get(name)?.data, after.get(name)?.data];
      parts.forEach((part, at) => {
        const gradient = ((from?.[at] ?? Number.NaN) - (to?.[at] ?? Number.NaN)) / LEARNING_RATE;
        along += gradient * part;
        squares += gradient ** 2;
      });
    }
    const off = Math.abs(along - slope) / Math.sqrt(squares);
    if (off <= SLOPE_TOLERANCE) {
      return `the gradient's part along a random direction to ${off.toPrecision(2)} of its length`;
    }
    throw new Error(`the gradient is ${along} along a direction along which the loss has ${slope}`);
  };
  return { task, check, cost: () => resnetCost(shape, network.graph, 3) };
}

function referenceImages(
  { graph, images, input }: ReturnType<typeof resnet>,
  chosen: readonly number[],
): ReferenceMaps {
  const { channels, height, width } = graph.input;
  const turned = permuted(input, [images, height, width, channels], [0, 3, 1, 2]);
  const size = channels * height * width;
  const data = chosen.flatMap((image) => [...turned.subarray(image * size, (image + 1) * size)]);
  return { images: chosen.length, channels, height, width, data: Float64Array.from(data) };
}

function moved(
  { graph, weights }: Network,
  direction: ReadonlyMap<string, Float64Array>,
  by: number,
): Network {
  const shifted = [...weights].map(([name, weight]) => {
    const parts = direction.get(name);
    const data = Float64Array.from(weight.data, (value, at) => value + by * (parts?.[at] ?? 0));
    // The reference computes in float64 whatever array the numbers lie in.
    return [name, { ...weight, data: data as unknown as Float32Array }] as const;
  });
  return { graph, weights: new Map(shifted) };
}

/** The mean softmax cross-entropy, with batch norms as in training. */
function crossEntropy(network: Network, maps: ReferenceMaps, labels: Uint32Array): number {
  const logits = referenceAnswers(network, maps, 'images');
  const classes = logits.length / labels.length;
  const losses = Array.from(labels, (label, image) => {
    const own = logits.subarray(image * classes, (image + 1) * classes);
    const sum = own.reduce((total, logit) => total + Math.exp(logit), 0);
    return Math.log(sum) - (own[label] ?? Number.NaN);
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / labels.length;
}

/** Each gradient takes as many multiply-adds as the answers; images and weights must be read. */
function resnetCost({ images, size }: ResnetShape, graph: Graph, passes: number): Cost {
  const { multiplyAdds, parameters } = summarise(graph);
  return {
    operations: 2 * passes * images * multiplyAdds,
    bytes: 4 * (3 * images * size * size + parameters),
  };
}

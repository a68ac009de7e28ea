import { readMatrix } from '../../src/gpu/matrix.js';
import type { Dataset } from '../../src/models/dataset.js';
import { type Parameters, readParameters } from '../../src/models/two-layer.js';
import { randomStream } from '../../src/random.js';
import { UNIT } from '../../src/reference/bound.js';
import { gradientStepReference } from '../../src/reference/gradient-step.js';
import { advance, startTraining, type Training } from '../../src/train/gradient-descent.js';
import { type Benchmark, type ContestContext, type Cost, workload } from '../benchmark.js';
import { requireWithin, spread } from '../check.js';
import { ownDataset, ownNetwork } from './images.js';

/** Steps that `advance` takes at least in one go, and what a sample is the mean of. */
const WARM_UP_STEPS = 2;
/** Times that `advance` reports in one go. */
const REPORTS = 20;
const LEAST_STEPS = 3;
const LEARNING_RATE = 1;
const SEED = 0;
const CHECKED_NEURONS = 16;

/** Examples that the source of the mini-batches holds, as a run by default. */
const SGD_EXAMPLES = 1000;

type StepShape = { readonly n: number; readonly d: number } & (
  | { readonly batch: number }
  | { readonly m: number }
);

/** A step of mini-batch descent, as `espalier run` takes it. */
export const sgdStep: Benchmark = workload<StepShape>({
  name: 'sgd-step',
  seconds: 8,
  shapes: [
    { n: 1024, batch: 128, d: 785 },
    { n: 256, batch: 128, d: 785 },
    { n: 64, batch: 8, d: 785 },
  ],
  hardwareShapes: [{ n: 10_000, batch: 128, d: 785 }],
  contend,
});

/** A step of full-batch descent. */
export const gdStep: Benchmark = workload<StepShape>({
  name: 'gd-step',
  seconds: 8,
  shapes: [
    { n: 1024, m: 4096, d: 785 },
    { n: 256, m: 1000, d: 785 },
  ],
  hardwareShapes: [{ n: 1024, m: 50_000, d: 785 }],
  contend,
});

async function contend(context: ContestContext, shape: StepShape) {
  const { own, signal } = context;
  const dataset = ownDataset(context, 'm' in shape ? shape.m : SGD_EXAMPLES);
  const { parameters, network } = ownNetwork(context, shape.n, dataset);
  const batch = 'm' in shape ? 'full' : shape.batch;
  const options = { batch, learningRate: LEARNING_RATE, momentum: 0, seed: SEED } as const;
  const training = own(startTraining(network, dataset, options));
  return {
    verify: async () => {
      await take(training, 1, signal);
      await verifyStep(training, dataset, parameters);
      return `${CHECKED_NEURONS} neurons' weights after one step, to 1e-4 of the longest`;
    },
    time: async (seconds: number) => {
      const start = performance.now();
      await take(training, WARM_UP_STEPS, signal);
      const perStep = (performance.now() - start) / WARM_UP_STEPS;
      const steps = Math.max(Math.ceil((1000 * seconds) / perStep), LEAST_STEPS);
      return take(training, steps > REPORTS ? REPORTS * Math.ceil(steps / REPORTS) : steps, signal);
    },
    cost: () => costOf(shape),
  };
}

/** Takes so many steps; the mean milliseconds of a step between one report and the next. */
async function take(
  training: Training,
  steps: number,
  signal: AbortSignal | undefined,
): Promise<readonly number[]> {
  const samples: number[] = [];
  let done = training.iteration;
  let since = performance.now();
  for await (const { iteration } of advance(training, done + steps, signal)) {
    const now = performance.now();
    samples.push((now - since) / (iteration - done));
    done = iteration;
    since = now;
  }
  return samples;
}

/** Forward and gradient of the hidden layer, four operations a weight and example; the output's. */
export function stepOperations(shape: { n: number; examples: number; d: number }): number {
  const { n, examples, d } = shape;
  return 4 * examples * d * n + 9 * examples * n;
}

/** What must move are the inputs and targets, and the weights in and out; no activation must. */
function costOf(shape: StepShape): Cost {
  const { n, d } = shape;
  const examples = 'm' in shape ? shape.m : shape.batch;
  return {
    operations: stepOperations({ n, examples, d }),
    bytes: 4 * (2 * n * (d + 1) + examples * (d + 1)),
  };
}

/** The first step from the drawn weights, recomputed in float64. */
async function verifyStep(
  { network, options }: Training,
  dataset: Dataset,
  before: Parameters,
): Promise<void> {
  const { inputs: d, outputs, width } = before;
  const [x, y] = [await readMatrix(dataset.inputs), await readMatrix(dataset.targets)];
  const rows = batchRows(options.batch, dataset.count);
  const take = (data: Float32Array, columns: number) => {
    const taken = new Float32Array(rows.length * columns);
    rows.forEach((row, at) => {
      taken.set(data.subarray(row * columns, (row + 1) * columns), at * columns);
    });
    return taken;
  };
  const neurons = spread(width, CHECKED_NEURONS);
  const step = gradientStepReference({
    ...before,
    m: rows.length,
    x: take(x, d),
    y: take(y, outputs),
    learningRate: LEARNING_RATE,
    neurons,
  });
  const after = await readParameters(network);
  for (const layer of ['hidden', 'output'] as const) {
    const columns = layer === 'hidden' ? d : outputs;
    const longest = step[layer].reduce((most, part) => Math.max(most, Math.abs(part)), 0);
    const at = (e: number) => (neurons[Math.floor(e / columns)] ?? -1) * columns + (e % columns);
    const start = step[layer].map((_, e) => before[layer][at(e)] ?? Number.NaN);
    requireWithin(
      `${layer} weights`,
      step[layer].map((_, e) => after[layer][at(e)] ?? Number.NaN),
      {
        value: start.map((weight, e) => weight - (step[layer][e] ?? Number.NaN)),
        bound: start.map((weight) => 1e-4 * longest + 2 * UNIT * Math.abs(weight)),
      },
    );
  }
}

/** The examples of the first batch, drawn as the trainer draws them. */
function batchRows(batch: number | 'full', count: number): readonly number[] {
  if (batch === 'full') return spread(count, count);
  const stream = randomStream(SEED, 'batches');
  return Array.from({ length: batch }, () => stream.below(count));
}

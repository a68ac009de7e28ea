import { randomStream } from '../../src/random.js';
import { UNIT } from '../../src/reference/bound.js';
import { gradientStepReference } from '../../src/reference/gradient-step.js';
import { advance, startTraining, type Training } from '../../src/train/gradient-descent.js';
import { type Benchmark, type ContestContext, type Cost, workload } from '../benchmark.js';
import { requireWithin, spread } from '../check.js';
import { rivalry } from '../peers/contender.js';
import type { StepWeights } from '../peers/peer.js';
import { byWall, repeatedFor, timeRuns } from '../sampling.js';
import {
  prepareSetup,
  readActivations,
  readSetup,
  requireActivations,
  SEED,
  type SetupArrays,
} from './network.js';

/** Examples from which mini-batches are drawn, and η: a run's defaults. */
const SGD_EXAMPLES = 1000;
const LEARNING_RATE = 1;

/**
 * So long that preparing and reading back in a call of `advance` is less than a hundredth of a
 * sample.
 */
const SAMPLE_MILLIS = 300;

const CHECKED_NEURONS = 16;
/** Share of the longest step by which a weight may be off. */
const TOLERANCE = 1e-4;

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
  rival: rivalry(({ trainingStep }) => trainingStep, challenge),
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
  rival: rivalry(({ trainingStep }) => trainingStep, challenge),
});

async function contend(context: ContestContext, shape: StepShape) {
  const { own, signal } = context;
  const { setup, check } = await context.share(() => stepSetup(context, shape));
  const { network, dataset } = setup;
  const batch = 'm' in shape ? 'full' : shape.batch;
  const options = { batch, learningRate: LEARNING_RATE, momentum: 0, seed: SEED } as const;
  const training = own(startTraining(network, dataset, options));
  return {
    verify: async () => {
      await take(training, 1, signal);
      return check(await readSetup(setup));
    },
    time: async (seconds: number) => {
      const { times: steps } = await repeatedFor(SAMPLE_MILLIS, (count) =>
        take(training, count, signal),
      );
      const { samples } = await timeRuns(() => take(training, steps, signal), seconds);
      return byWall(samples.map((millis) => millis / steps));
    },
    cost: () => stepCost(shape),
  };
}

async function challenge(context: ContestContext, shape: StepShape) {
  const { setup, before, check } = await context.share(() => stepSetup(context, shape));
  const { count } = setup.dataset;
  const task = {
    ...before,
    m: count,
    d: shape.d,
    n: shape.n,
    learningRate: LEARNING_RATE,
    nextMinibatch: 'm' in shape ? undefined : drawMinibatches(shape.batch, count),
  };
  return { task, check, cost: () => stepCost(shape) };
}

/** Network and examples, what they are before the first step, and the judge of that step. */
async function stepSetup(context: ContestContext, shape: StepShape) {
  const setup = prepareSetup(context, 'm' in shape ? shape.m : SGD_EXAMPLES, shape.n);
  const before = await readSetup(setup);
  const states = await readActivations(setup, context.signal);
  requireActivations(states, before, setup.parameters);
  const { count } = setup.dataset;
  const rows = 'm' in shape ? spread(count, count) : drawMinibatches(shape.batch, count)();
  const check = (after: StepWeights) => {
    requireStep({ shape, states, before, after, rows: Array.from(rows) });
    return `the weights of ${CHECKED_NEURONS} neurons after one step to ${TOLERANCE} of the longest step`;
  };
  return { setup, before, check };
}

async function take(
  training: Training,
  steps: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const _ of advance(training, training.iteration + steps, signal));
}

/** Four operations a hidden weight and example, forward and gradient; nine a neuron and example. */
export function stepOperations({ n, d }: { n: number; d: number }, examples: number): number {
  return (4 * d + 9) * n * examples;
}

/** Inputs and targets must move, and the weights in and out. Activations need not. */
function stepCost(shape: StepShape): Cost {
  const { n, d } = shape;
  const examples = 'm' in shape ? shape.m : shape.batch;
  return {
    operations: stepOperations(shape, examples),
    bytes: 4 * (2 * n * (d + 1) + examples * (d + 1)),
  };
}

interface TakenStep {
  readonly shape: StepShape;
  /** H [m × N] before the step. */
  readonly states: Float32Array;
  readonly before: SetupArrays;
  readonly after: StepWeights;
  /** The examples of the step. */
  readonly rows: readonly number[];
}

/** Compares the weights after the first step with that step in float64. */
function requireStep({ shape, states, before, after, rows }: TakenStep): void {
  const { n: width, d: inputs } = shape;
  const outputs = before.output.length / width;
  const indices = spread(width, CHECKED_NEURONS);
  const step = gradientStepReference({
    m: rows.length,
    inputs,
    width,
    outputs,
    activation: 'tanh',
    x: takeRows(before.inputs, inputs, rows),
    y: takeRows(before.targets, outputs, rows),
    states: takeRows(states, width, rows),
    output: before.output,
    learningRate: LEARNING_RATE,
    indices,
  });
  const layers = {
    hidden: (from: StepWeights) => takeColumns(from.hidden, width, indices),
    output: (from: StepWeights) => takeRows(from.output, outputs, indices),
  };
  for (const layer of ['hidden', 'output'] as const) {
    const [start, end] = [layers[layer](before), layers[layer](after)];
    const longest = step[layer].reduce((most, part) => Math.max(most, Math.abs(part)), 0);
    requireWithin(
      end,
      {
        value: step[layer].map((part, e) => (start[e] ?? Number.NaN) - part),
        bound: step[layer].map((_, e) => TOLERANCE * longest + 2 * UNIT * Math.abs(start[e] ?? 0)),
      },
      `${layer} weights`,
    );
  }
}

function takeRows(data: Float32Array, columns: number, rows: readonly number[]): Float32Array {
  const taken = new Float32Array(rows.length * columns);
  rows.forEach((row, at) => {
    taken.set(data.subarray(row * columns, (row + 1) * columns), at * columns);
  });
  return taken;
}

/** Columns of a matrix with rows of `stride`, each in a row of its own. */
function takeColumns(data: Float32Array, stride: number, columns: readonly number[]): Float32Array {
  const rows = data.length / stride;
  const taken = new Float32Array(columns.length * rows);
  columns.forEach((column, at) => {
    for (let row = 0; row < rows; row++) {
      taken[at * rows + row] = data[row * stride + column] as number;
    }
  });
  return taken;
}

/** Draws minibatch after minibatch as the trainer does. */
export function drawMinibatches(size: number, count: number): () => Int32Array {
  const stream = randomStream(SEED, 'batches');
  return () => Int32Array.from({ length: size }, () => stream.below(count));
}

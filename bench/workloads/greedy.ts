import { type Matrix, readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { hiddenActivations } from '../../src/models/forward.js';
import { selectGreedily } from '../../src/prune/greedy.js';
import {
  residentActivations,
  type Selection,
  type SelectionProblem,
} from '../../src/prune/problem.js';
import { judgePicks } from '../../src/reference/greedy-selection.js';
import { advance, startTraining } from '../../src/train/gradient-descent.js';
import type { Contender, ContestContext, Cost } from '../benchmark.js';
import { timeRuns } from '../sampling.js';
import { ownSubject, SEED } from './network.js';

/** N neurons, m examples, k picks. */
export type SelectionShape = { readonly n: number; readonly m: number; readonly k: number };

const TRAINING = { batch: 128, learningRate: 1, momentum: 0, seed: SEED } as const;

/** Share by which a pick's loss may exceed the best candidate's, and a reported loss its own. */
const GREEDY = 1e-5;
const REPORTED = 1e-4;

/** Greedy selection as the library plans it, on ready activations of a network of so many steps. */
export async function contendGreedily(
  context: ContestContext,
  shape: SelectionShape,
  steps: number,
): Promise<Contender> {
  const { device, signal } = context;
  const problem = await trainedProblem(context, shape, steps);
  const run = async (): Promise<Selection> => {
    const options = { neurons: shape.k, replacement: true, signal };
    const picks = selectGreedily(device, problem, options);
    for (;;) {
      const next = await picks.next();
      if (next.done) return next.value;
    }
  };
  let distinct = 0;
  return {
    verify: async () => {
      const found = await run();
      await requireGreedy(problem, found);
      distinct = found.neurons.length;
      return `every pick within ${GREEDY} of the best; ${distinct} distinct in ${found.passes} passes`;
    },
    time: (seconds: number) => timeRuns(run, seconds),
    cost: () => costOf(shape, distinct),
  };
}

async function trainedProblem(
  context: ContestContext,
  { n, m }: SelectionShape,
  steps: number,
): Promise<SelectionProblem> {
  const { device, own, signal } = context;
  const { network, dataset } = ownSubject(context, m, n);
  const training = own(startTraining(network, dataset, TRAINING));
  for await (const _ of advance(training, steps, signal));
  const scope = own(new Scope(device));
  const activations = residentActivations(await hiddenActivations(network, dataset, scope, signal));
  return { activations, weights: network.output, targets: dataset.targets, loss: 'squared' };
}

/** @throws when a pick was not greedy, or a loss was reported wrongly. */
async function requireGreedy(problem: SelectionProblem, found: Selection): Promise<void> {
  const { rows: m, columns: n, chunks, buffers } = problem.activations;
  const activations = new Float32Array(m * n);
  for (const { buffer, firstRow } of chunks) {
    activations.set(await readMatrix(buffers[buffer] as Matrix), firstRow * n);
  }
  const judged = judgePicks(
    {
      m,
      n,
      outputs: problem.weights.columns,
      activations,
      weights: await readMatrix(problem.weights),
      targets: await readMatrix(problem.targets),
    },
    found.selected,
  );
  judged.forEach(({ loss, best }, step) => {
    const reported = found.loss[step] ?? Number.NaN;
    if (!(loss <= best * (1 + GREEDY))) {
      throw new Error(`pick ${step} has a loss of ${loss}, the best candidate ${best}`);
    }
    if (!(Math.abs(reported - loss) <= REPORTED * loss)) {
      throw new Error(`the loss after pick ${step} is ${loss}, reported as ${reported}`);
    }
  });
}

/** By the Gram identity: the targets' products and norms, then a row for each distinct pick. */
function costOf({ n, m, k }: SelectionShape, distinct: number): Cost {
  return {
    operations: 4 * m * n + 2 * m * n * distinct + 2 * n * k,
    // No selection can leave out reading the activations once.
    bytes: 4 * (m * n + m + n),
  };
}

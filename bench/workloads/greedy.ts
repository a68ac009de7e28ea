import { finalResult } from '../../src/experiment/relay.js';
import { BYTES } from '../../src/gpu/matrix.js';
import type { StorageFormat } from '../../src/half.js';
import type { LossKind } from '../../src/kernels/candidate-loss.js';
import { selectGreedily } from '../../src/prune/greedy.js';
import {
  type GreedySelectionProblem,
  type JudgedPick,
  judgePicks,
} from '../../src/reference/greedy-selection.js';
import type { Contender, ContestContext, Cost } from '../benchmark.js';
import type { Challenge } from '../peers/contender.js';
import type { SelectionTask } from '../peers/peer.js';
import { timeRuns } from '../sampling.js';
import { type Trained, trainedProblem } from './trained.js';

/** N neurons, m examples, k picks. */
export type SelectionShape = { readonly n: number; readonly m: number; readonly k: number };

/** What selection the contenders do. */
export interface GreedyTask<Shape extends SelectionShape> {
  readonly loss: LossKind;
  /** Steps of the network's training. */
  readonly steps: number;
  readonly selectionCost: (shape: Shape, distinct: number, storage?: StorageFormat) => Cost;
}

/** Evaluates every candidate in one pass over the activations a pick, without the Gram identity. */
export const DIRECT = 'direct';

/** Picks by activations in float16. */
export const F16 = 'f16';

/**
 * Share by which a pick's loss may exceed that of the best candidate, and a reported loss may be
 * off.
 */
const GREEDY = 1e-5;
const REPORTED = 1e-4;

/** Greedy selection from ready activations, as the library plans it or `direct`. */
export async function contendGreedily<Shape extends SelectionShape>(
  context: ContestContext,
  shape: Shape,
  task: GreedyTask<Shape>,
): Promise<Contender> {
  const { device, signal, variant } = context;
  const setup = await context.share(() => trainedSubject(context, shape, task));
  const oracle = variant === DIRECT ? DIRECT : undefined;
  const problem = variant === F16 ? await setup.halves() : setup.problem;
  const options = { picks: shape.k, replacement: true, oracle, signal } as const;
  const run = () => finalResult(selectGreedily(device, problem, options));
  return {
    verify: async () => {
      const found = await run();
      const what = setup.judge(found.selected, found.loss, problem.activations.storage);
      return `${what}; ${found.kept.length} distinct in ${found.passes} passes`;
    },
    time: (seconds: number) => timeRuns(run, seconds),
    cost: () => task.selectionCost(shape, setup.distinct(), problem.activations.storage),
  };
}

/** The same for a peer, from the same activations. */
export async function challengeGreedily<Shape extends SelectionShape>(
  context: ContestContext,
  shape: Shape,
  task: GreedyTask<Shape>,
): Promise<Challenge<SelectionTask, ArrayLike<number>>> {
  const setup = await context.share(() => trainedSubject(context, shape, task));
  return {
    task: { ...setup.arrays, picks: shape.k },
    check: setup.judge,
    cost: () => task.selectionCost(shape, setup.distinct()),
  };
}

/** What the contenders select from, and the judge of their picks. */
interface SelectionSubject extends Trained {
  /** @throws when a pick was not greedy, or a loss was reported wrongly. */
  readonly judge: (
    picks: ArrayLike<number>,
    losses?: ArrayLike<number>,
    storage?: StorageFormat,
  ) => string;
  /** Neurons among the picks. */
  readonly distinct: () => number;
}

async function trainedSubject<Shape extends SelectionShape>(
  context: ContestContext,
  shape: Shape,
  { loss, steps }: GreedyTask<Shape>,
): Promise<SelectionSubject> {
  const trained = await trainedProblem(context, shape, loss, steps);
  let first: { readonly picks: readonly number[]; readonly judged: readonly JudgedPick[] };
  const judge: SelectionSubject['judge'] = (selected, losses, storage) => {
    const picks = Array.from(selected);
    if (picks.length !== shape.k) throw new Error(`${picks.length} picks, not ${shape.k}`);
    // Judging takes as long as the slowest of the contenders, who mostly agree.
    const parting = first ? picks.findIndex((pick, step) => pick !== first.picks[step]) : 0;
    const judged = parting < 0 ? first.judged : judgePicks(trained.arrays, picks, loss);
    const rounding = storage === F16 ? selectionRounding(trained.arrays, picks) : undefined;
    requireGreedy(judged, losses, rounding);
    const same = !first ? '' : parting < 0 ? 'the same picks, ' : `other picks from ${parting}, `;
    first ??= { picks, judged };
    const tolerance = rounding ? "float16's error" : GREEDY;
    return `${same}every pick within ${tolerance} of the best`;
  };
  return { ...trained, judge, distinct: () => new Set(first.picks).size };
}

/**
 * By how much the root of each pick's squared loss may exceed the best candidate's when activations
 * are rounded by 2⁻¹¹ of their value: each root moves by at most 2⁻¹¹ Σ_s ‖φ_s‖ / (k √2m), and the
 * best candidate is at most the one of the largest outputs.
 */
function selectionRounding(
  { m, n, outputs, activations, weights }: GreedySelectionProblem,
  picks: readonly number[],
): readonly number[] {
  const squares = new Float64Array(n);
  activations.forEach((h, at) => {
    squares[at % n] = (squares[at % n] ?? 0) + h * h;
  });
  const norms = squares.map((square, i) =>
    Math.sqrt(square * inner(weights.subarray(i * outputs, (i + 1) * outputs))),
  );
  const largest = norms.reduce((most, norm) => Math.max(most, norm));
  let sum = 0;
  return picks.map((pick, step) => {
    const own = norms[pick] ?? Number.NaN;
    const both = 2 * sum + own + largest;
    sum += own;
    return (2 ** -11 * both) / ((step + 1) * Math.sqrt(2 * m));
  });
}

const inner = (b: Float32Array) => b.reduce((sum, x) => sum + x * x, 0);

function requireGreedy(
  judged: readonly JudgedPick[],
  losses?: ArrayLike<number>,
  rounding?: readonly number[],
): void {
  judged.forEach(({ loss, best }, step) => {
    const least = (Math.sqrt(best) + (rounding?.[step] ?? 0)) ** 2;
    if (!(loss <= least * (1 + GREEDY))) {
      throw new Error(`pick ${step} has a loss of ${loss}, the best candidate ${best}`);
    }
    const reported = losses ? losses[step] : loss;
    if (!(Math.abs((reported ?? Number.NaN) - loss) <= REPORTED * loss)) {
      throw new Error(`the loss after pick ${step} is ${loss}, reported as ${reported}`);
    }
  });
}

/** By the Gram identity: the targets' products and norms, then a row for each distinct pick. */
export function squaredCost(
  { n, m, k }: SelectionShape,
  distinct: number,
  storage: StorageFormat = 'f32',
): Cost {
  return {
    operations: 4 * m * n + 2 * m * n * distinct + 2 * n * k,
    // Every selection has to read the activations once.
    bytes: BYTES[storage] * m * n + 4 * (m + n),
  };
}

import type { LossKind } from '../../src/kernels/candidate-loss.js';
import { selectGreedily } from '../../src/prune/greedy.js';
import type { Selection } from '../../src/prune/problem.js';
import { type JudgedPick, judgePicks } from '../../src/reference/greedy-selection.js';
import {
  type Benchmark,
  type ContestContext,
  type Cost,
  ONLY_VARIANT,
  workload,
} from '../benchmark.js';
import { peerContender } from '../peers/contender.js';
import type { Peer } from '../peers/peer.js';
import { timeRuns } from '../sampling.js';
import { type Trained, trainedProblem } from './trained.js';

type SelectionShape = { readonly n: number; readonly m: number; readonly k: number };
type ClassesShape = SelectionShape & { readonly c: number };

/** Share by which a pick's loss may exceed the best candidate's, and a reported loss its own. */
const GREEDY = 1e-5;
const REPORTED = 1e-4;

/** Evaluates every candidate in one pass over the activations a pick, without the Gram identity. */
const DIRECT = 'direct';

/** Greedy forward selection from ready activations of a network briefly trained on MNIST. */
export const selection: Benchmark = workload<SelectionShape>({
  name: 'selection',
  seconds: 8,
  shapes: [
    { n: 1024, m: 4096, k: 200 },
    { n: 256, m: 1000, k: 100 },
  ],
  hardwareShapes: [{ n: 10_000, m: 50_000, k: 200 }],
  variants: [ONLY_VARIANT, DIRECT],
  ...contestants('selection', 'squared', squaredCost),
});

/** The same by the softmax cross-entropy, which has no Gram identity: a few picks tell. */
export const crossEntropySelection: Benchmark = workload<ClassesShape>({
  name: 'cross-entropy-selection',
  seconds: 4,
  shapes: [{ n: 256, m: 1024, c: 10, k: 5 }],
  hardwareShapes: [{ n: 1024, m: 50_000, c: 10, k: 20 }],
  ...contestants('cross-entropy-selection', 'cross-entropy', crossEntropyCost),
});

function contestants<S extends SelectionShape>(
  work: 'selection' | 'cross-entropy-selection',
  loss: LossKind,
  costOf: (shape: S, distinct: number) => Cost,
) {
  const contend = async (context: ContestContext, shape: S) => {
    const { device, signal, variant } = context;
    const subject = await context.share(() => subjectOf(context, shape, loss));
    const oracle = variant === DIRECT ? DIRECT : undefined;
    const run = async (): Promise<Selection> => {
      const options = { neurons: shape.k, replacement: true, oracle, signal } as const;
      const picks = selectGreedily(device, subject.problem, options);
      for (;;) {
        const next = await picks.next();
        if (next.done) return next.value;
      }
    };
    return {
      verify: async () => {
        const found = await run();
        const what = subject.judge(found.selected, found.loss);
        return `${what}; ${found.neurons.length} distinct in ${found.passes} passes`;
      },
      time: (seconds: number) => timeRuns(run, seconds),
      cost: () => costOf(shape, subject.distinct()),
    };
  };
  const rival = async (context: ContestContext, shape: S, peer: Peer) => {
    const prepare = peer.works[work];
    if (!prepare) return undefined;
    const subject = await context.share(() => subjectOf(context, shape, loss));
    return peerContender(context, peer, prepare, {
      task: { ...subject.arrays, picks: shape.k },
      check: subject.judge,
      cost: () => costOf(shape, subject.distinct()),
    });
  };
  return { contend, rival };
}

/** What the contenders select from, and the judge of their picks. */
interface SelectionSubject extends Trained {
  /** @throws when a pick was not greedy, or a loss was reported wrongly. */
  readonly judge: (picks: ArrayLike<number>, losses?: ArrayLike<number>) => string;
  /** Neurons among the picks. */
  readonly distinct: () => number;
}

async function subjectOf(
  context: ContestContext,
  shape: SelectionShape,
  loss: LossKind,
): Promise<SelectionSubject> {
  const trained = await trainedProblem(context, shape, loss);
  let first: { readonly picks: readonly number[]; readonly judged: readonly JudgedPick[] };
  const judge = (selected: ArrayLike<number>, losses?: ArrayLike<number>): string => {
    const picks = Array.from(selected);
    if (picks.length !== shape.k) throw new Error(`${picks.length} picks, not ${shape.k}`);
    // Judging takes as long as the slowest of the contenders, who mostly agree.
    const parting = first ? picks.findIndex((pick, step) => pick !== first.picks[step]) : 0;
    const judged = parting < 0 ? first.judged : judgePicks(trained.arrays, picks, loss);
    requireGreedy(judged, losses);
    const same = !first ? '' : parting < 0 ? 'the same picks, ' : `other picks from ${parting}, `;
    first ??= { picks, judged };
    return `${same}every pick within ${GREEDY} of the best`;
  };
  return { ...trained, judge, distinct: () => new Set(first.picks).size };
}

function requireGreedy(judged: readonly JudgedPick[], losses?: ArrayLike<number>): void {
  judged.forEach(({ loss, best }, step) => {
    if (!(loss <= best * (1 + GREEDY))) {
      throw new Error(`pick ${step} has a loss of ${loss}, the best candidate ${best}`);
    }
    const reported = losses ? losses[step] : loss;
    if (!(Math.abs((reported ?? Number.NaN) - loss) <= REPORTED * loss)) {
      throw new Error(`the loss after pick ${step} is ${loss}, reported as ${reported}`);
    }
  });
}

/** By the Gram identity: the targets' products and norms, then a row for each distinct pick. */
function squaredCost({ n, m, k }: SelectionShape, distinct: number): Cost {
  return {
    operations: 4 * m * n + 2 * m * n * distinct + 2 * n * k,
    // No selection can leave out reading the activations once.
    bytes: 4 * (m * n + m + n),
  };
}

/** Every pick looks at all activations again: as the kernel candidate-loss counts, once a pick. */
function crossEntropyCost({ n, m, c, k }: ClassesShape): Cost {
  return {
    operations: 7 * m * n * c * k,
    bytes: 4 * (m * n + 2 * m * c + n * c + n) * k,
    exponentials: m * n * c * k,
  };
}

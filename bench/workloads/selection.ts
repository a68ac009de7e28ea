import {
  type Benchmark,
  type ContestContext,
  type Cost,
  ONLY_VARIANT,
  workload,
} from '../benchmark.js';
import { rivalry } from '../peers/contender.js';
import type { PeerWorks } from '../peers/peer.js';
import {
  challengeGreedily,
  contendGreedily,
  DIRECT,
  F16,
  type GreedyTask,
  type SelectionShape,
  squaredCost,
} from './greedy.js';

type ClassesShape = SelectionShape & { readonly c: number };

/**
 * Steps of training before. With them grow the distinct picks, which are the costly ones: 43 of 200
 * before the first step, 110 here.
 */
const TRAINING_STEPS = 100;

/** Greedy forward selection from ready activations of a network briefly trained on MNIST. */
export const selection: Benchmark = workload<SelectionShape>({
  name: 'selection',
  seconds: 8,
  shapes: [
    { n: 1024, m: 4096, k: 200 },
    { n: 256, m: 1000, k: 100 },
    // Little more than its dispatches.
    { n: 64, m: 500, k: 20 },
  ],
  hardwareShapes: [{ n: 10_000, m: 50_000, k: 200 }],
  variants: [ONLY_VARIANT, F16, DIRECT],
  ...contestants(
    { loss: 'squared', steps: TRAINING_STEPS, selectionCost: squaredCost },
    ({ selection }) => selection,
  ),
});

/** The same by the softmax cross-entropy, which has no Gram identity: a few picks tell. */
export const crossEntropySelection: Benchmark = workload<ClassesShape>({
  name: 'cross-entropy-selection',
  seconds: 4,
  shapes: [{ n: 256, m: 1024, c: 10, k: 5 }],
  hardwareShapes: [{ n: 1024, m: 50_000, c: 10, k: 20 }],
  ...contestants(
    { loss: 'cross-entropy', steps: TRAINING_STEPS, selectionCost: crossEntropyCost },
    ({ crossEntropySelection }) => crossEntropySelection,
  ),
});

function contestants<Shape extends SelectionShape>(
  task: GreedyTask<Shape>,
  findSelection: (works: PeerWorks) => PeerWorks['selection'],
) {
  return {
    contend: (context: ContestContext, shape: Shape) => contendGreedily(context, shape, task),
    rival: rivalry(findSelection, (context, shape: Shape) =>
      challengeGreedily(context, shape, task),
    ),
  };
}

/**
 * Every pick looks at all activations again. Operations and bytes are those of the kernel
 * candidate-loss, once a pick.
 */
function crossEntropyCost({ n, m, c, k }: ClassesShape): Cost {
  return {
    operations: 7 * m * n * c * k,
    bytes: 4 * (m * n + 2 * m * c + n * c + n) * k,
    exponentials: m * n * c * k,
  };
}

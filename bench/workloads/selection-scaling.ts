import { type Benchmark, workload } from '../benchmark.js';
import { contendGreedily, type SelectionShape, squaredCost } from './greedy.js';

/** The shape in the middle: every other shape differs from it in one size. */
export const SCALING_BASE = { n: 1024, m: 4096, k: 200 } as const;

const SIZES = {
  k: [25, 50, 100, 400],
  n: [256, 512, 2048],
  m: [1024, 2048, 8192],
} as const;

/** Fewer steps than for `selection`: a network has to be trained for each of the shapes. */
const TASK = { loss: 'squared', steps: 20, selectionCost: squaredCost } as const;

const others = Object.entries(SIZES).flatMap(([name, sizes]) =>
  sizes.map((size): SelectionShape => ({ ...SCALING_BASE, [name]: size })),
);

/** Greedy selection at sizes around one, for the exponents by which its time grows with each. */
export const selectionScaling: Benchmark = workload({
  name: 'selection-scaling',
  seconds: 3,
  shapes: [SCALING_BASE, ...others],
  contend: (context, shape: SelectionShape) => contendGreedily(context, shape, TASK),
});

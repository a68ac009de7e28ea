import type { Benchmark } from './benchmark.js';
import { hidden } from './workloads/hidden.js';
import { wholeRun } from './workloads/run.js';
import { crossEntropySelection, selection } from './workloads/selection.js';
import { selectionScaling } from './workloads/selection-scaling.js';
import { gdStep, sgdStep } from './workloads/training-step.js';

/** What a user waits for, through the same functions that a user calls. */
export const workloads: readonly Benchmark[] = [
  sgdStep,
  gdStep,
  hidden,
  selection,
  crossEntropySelection,
  selectionScaling,
  wholeRun,
];

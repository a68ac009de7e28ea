import type { Benchmark } from './benchmark.js';
import { kernelBenchmark } from './kernel.js';
import { argminBench } from './kernels/argmin.js';
import { gatherColumnsBench } from './kernels/gather-columns.js';
import { gramRowsBench } from './kernels/gram-rows.js';
import { lossBench } from './kernels/loss.js';
import { matmulBench } from './kernels/matmul.js';
import { momentumUpdateBench } from './kernels/momentum-update.js';
import { outputGradientBench } from './kernels/output-gradient.js';
import { residualBench } from './kernels/residual.js';
import { scoreInitBench } from './kernels/score-init.js';
import { scoreUpdateBench } from './kernels/score-update.js';
import { selectionLossBench } from './kernels/selection-loss.js';

/** Every kernel, in the order of a run. */
export const kernelBenchmarks: readonly Benchmark[] = [
  kernelBenchmark(matmulBench),
  kernelBenchmark(residualBench),
  kernelBenchmark(outputGradientBench),
  kernelBenchmark(momentumUpdateBench),
  kernelBenchmark(lossBench),
  kernelBenchmark(gramRowsBench),
  kernelBenchmark(scoreInitBench),
  kernelBenchmark(argminBench),
  kernelBenchmark(gatherColumnsBench),
  kernelBenchmark(scoreUpdateBench),
  kernelBenchmark(selectionLossBench),
];

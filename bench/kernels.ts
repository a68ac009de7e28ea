import type { Benchmark } from './benchmark.js';
import { kernelBenchmark } from './kernel.js';
import { accumulateOutputsBench } from './kernels/accumulate-outputs.js';
import { activateBench } from './kernels/activate.js';
import { activateGradientBench } from './kernels/activate-gradient.js';
import { averageUpdateBench } from './kernels/average-update.js';
import { batchNormBench } from './kernels/batch-norm.js';
import { batchNormGradientBench } from './kernels/batch-norm-gradient.js';
import { batchNormGradientSumsBench } from './kernels/batch-norm-gradient-sums.js';
import { batchNormStatisticsBench } from './kernels/batch-norm-statistics.js';
import { cacheRowsBench } from './kernels/cache-rows.js';
import { candidateLossBench } from './kernels/candidate-loss.js';
import { channelMomentsBench } from './kernels/channel-moments.js';
import { columnSumsBench } from './kernels/column-sums.js';
import { convolutionBench } from './kernels/convolution.js';
import { convolutionDataGradientBench } from './kernels/convolution-data-gradient.js';
import { convolutionWeightGradientBench } from './kernels/convolution-weight-gradient.js';
import { correctiveUpdateBench } from './kernels/corrective-update.js';
import { depthwiseBench } from './kernels/depthwise.js';
import { depthwiseDataGradientBench } from './kernels/depthwise-data-gradient.js';
import { depthwiseWeightGradientBench } from './kernels/depthwise-weight-gradient.js';
import { gateGradientBench } from './kernels/gate-gradient.js';
import { gatherColumnsBench } from './kernels/gather-columns.js';
import { gatherImagesBench } from './kernels/gather-images.js';
import { gramRowsBench } from './kernels/gram-rows.js';
import { lineSearchUpdateBench } from './kernels/line-search-update.js';
import { lookaheadBench } from './kernels/lookahead.js';
import { lossBench } from './kernels/loss.js';
import { matmulBench } from './kernels/matmul.js';
import { momentumUpdateBench } from './kernels/momentum-update.js';
import { multiplyBench } from './kernels/multiply.js';
import { networkLossesBench } from './kernels/network-losses.js';
import { outputGradientBench } from './kernels/output-gradient.js';
import { outputLayerBench } from './kernels/output-layer.js';
import { pickBench } from './kernels/pick.js';
import { poolBench } from './kernels/pool.js';
import { poolGradientBench } from './kernels/pool-gradient.js';
import { scoreInitBench } from './kernels/score-init.js';
import { sgdUpdateBench } from './kernels/sgd-update.js';
import { shortcutBench } from './kernels/shortcut.js';
import { shortcutGradientBench } from './kernels/shortcut-gradient.js';
import { softmaxLossBench } from './kernels/softmax-loss.js';
import { sumSlicesBench } from './kernels/sum-slices.js';
import { transposeWeightsBench } from './kernels/transpose-weights.js';

/** Every kernel, in the order of a run. */
export const kernelBenchmarks: readonly Benchmark[] = [
  kernelBenchmark(matmulBench),
  kernelBenchmark(convolutionBench),
  kernelBenchmark(convolutionDataGradientBench),
  kernelBenchmark(convolutionWeightGradientBench),
  kernelBenchmark(columnSumsBench),
  kernelBenchmark(transposeWeightsBench),
  kernelBenchmark(outputLayerBench),
  kernelBenchmark(outputGradientBench),
  kernelBenchmark(momentumUpdateBench),
  kernelBenchmark(lossBench),
  kernelBenchmark(gramRowsBench),
  kernelBenchmark(scoreInitBench),
  kernelBenchmark(pickBench),
  kernelBenchmark(lookaheadBench),
  kernelBenchmark(gatherColumnsBench),
  kernelBenchmark(cacheRowsBench),
  kernelBenchmark(averageUpdateBench),
  kernelBenchmark(lineSearchUpdateBench),
  kernelBenchmark(correctiveUpdateBench),
  kernelBenchmark(candidateLossBench),
  kernelBenchmark(accumulateOutputsBench),
  kernelBenchmark(networkLossesBench),
  kernelBenchmark(gatherImagesBench),
  kernelBenchmark(softmaxLossBench),
  kernelBenchmark(sgdUpdateBench),
  kernelBenchmark(depthwiseWeightGradientBench),
  kernelBenchmark(depthwiseDataGradientBench),
  kernelBenchmark(depthwiseBench),
  kernelBenchmark(gateGradientBench),
  kernelBenchmark(multiplyBench),
  kernelBenchmark(activateGradientBench),
  kernelBenchmark(activateBench),
  kernelBenchmark(poolBench),
  kernelBenchmark(poolGradientBench),
  kernelBenchmark(shortcutBench),
  kernelBenchmark(shortcutGradientBench),
  kernelBenchmark(batchNormBench),
  kernelBenchmark(batchNormGradientSumsBench),
  kernelBenchmark(batchNormGradientBench),
  kernelBenchmark(sumSlicesBench),
  kernelBenchmark(channelMomentsBench),
  kernelBenchmark(batchNormStatisticsBench),
];

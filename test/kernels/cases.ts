import { accumulateOutputsCases } from './accumulate-outputs.js';
import { activateCases } from './activate.js';
import { activateGradientCases } from './activate-gradient.js';
import { averageUpdateCases } from './average-update.js';
import { batchNormCases } from './batch-norm.js';
import { batchNormGradientCases } from './batch-norm-gradient.js';
import { batchNormGradientSumsCases } from './batch-norm-gradient-sums.js';
import { batchNormStatisticsCases } from './batch-norm-statistics.js';
import { cacheRowsCases } from './cache-rows.js';
import { candidateLossCases } from './candidate-loss.js';
import type { KernelCase } from './case.js';
import { channelMomentsCases } from './channel-moments.js';
import { columnSumsCases } from './column-sums.js';
import { convolutionCases } from './convolution.js';
import { convolutionDataGradientCases } from './convolution-data-gradient.js';
import { convolutionWeightGradientCases } from './convolution-weight-gradient.js';
import { correctiveUpdateCases } from './corrective-update.js';
import { depthwiseCases } from './depthwise.js';
import { depthwiseDataGradientCases } from './depthwise-data-gradient.js';
import { depthwiseWeightGradientCases } from './depthwise-weight-gradient.js';
import { gateGradientCases } from './gate-gradient.js';
import { gatherColumnsCases } from './gather-columns.js';
import { gatherImagesCases } from './gather-images.js';
import { gramRowsCases } from './gram-rows.js';
import { lineSearchUpdateCases } from './line-search-update.js';
import { lookaheadCases } from './lookahead.js';
import { lossCases } from './loss.js';
import { matmulCases } from './matmul.js';
import { momentumUpdateCases } from './momentum-update.js';
import { multiplyCases } from './multiply.js';
import { networkLossesCases } from './network-losses.js';
import { outputGradientCases } from './output-gradient.js';
import { outputLayerCases } from './output-layer.js';
import { pickCases } from './pick.js';
import { poolCases } from './pool.js';
import { poolGradientCases } from './pool-gradient.js';
import { scoreInitCases } from './score-init.js';
import { selectionCases } from './selection.js';
import { sgdUpdateCases } from './sgd-update.js';
import { shortcutCases } from './shortcut.js';
import { shortcutGradientCases } from './shortcut-gradient.js';
import { softmaxLossCases } from './softmax-loss.js';
import { storageCases } from './storage.js';
import { sumSlicesCases } from './sum-slices.js';
import { transposeWeightsCases } from './transpose-weights.js';

/** Every kernel's cases. */
const kernelCases: readonly KernelCase[] = [
  ...matmulCases,
  ...convolutionCases,
  ...convolutionDataGradientCases,
  ...convolutionWeightGradientCases,
  ...columnSumsCases,
  ...transposeWeightsCases,
  ...outputLayerCases,
  ...lossCases,
  ...networkLossesCases,
  ...outputGradientCases,
  ...momentumUpdateCases,
  ...gramRowsCases,
  ...scoreInitCases,
  ...pickCases,
  ...lookaheadCases,
  ...gatherColumnsCases,
  ...cacheRowsCases,
  ...averageUpdateCases,
  ...lineSearchUpdateCases,
  ...correctiveUpdateCases,
  ...candidateLossCases,
  ...accumulateOutputsCases,
  ...gatherImagesCases,
  ...softmaxLossCases,
  ...sgdUpdateCases,
  ...depthwiseWeightGradientCases,
  ...depthwiseDataGradientCases,
  ...depthwiseCases,
  ...gateGradientCases,
  ...multiplyCases,
  ...activateGradientCases,
  ...activateCases,
  ...poolCases,
  ...poolGradientCases,
  ...shortcutCases,
  ...shortcutGradientCases,
  ...channelMomentsCases,
  ...batchNormStatisticsCases,
  ...batchNormCases,
  ...batchNormGradientSumsCases,
  ...batchNormGradientCases,
  ...sumSlicesCases,
  ...selectionCases,
  ...storageCases,
];

/**
 * Which code of an adapter and its host a case runs through: the kernel, its variant and its storage,
 * which its name tells before the first size, and the threads.
 */
function caseKind({ name }: KernelCase): string {
  const [threads = ''] = /\d+ threads/.exec(name) ?? [];
  return `${name.split(/,| \d/)[0]} ${threads}`;
}

const byLength = kernelCases.toSorted((a, b) => a.name.length - b.name.length);
const longest = new Map(byLength.map((each) => [caseKind(each), each]));

/** One case of each kind: that with the longest name, which has the most options. */
export const typicalCases = kernelCases.filter((each) => longest.get(caseKind(each)) === each);

export const otherCases = kernelCases.filter((each) => !typicalCases.includes(each));

import { argminCases } from './argmin.js';
import type { KernelCase } from './case.js';
import { gatherColumnsCases } from './gather-columns.js';
import { gramRowsCases } from './gram-rows.js';
import { lossCases } from './loss.js';
import { matmulCases } from './matmul.js';
import { momentumUpdateCases } from './momentum-update.js';
import { outputGradientCases } from './output-gradient.js';
import { residualCases } from './residual.js';
import { scoreInitCases } from './score-init.js';
import { scoreUpdateCases } from './score-update.js';
import { selectionLossCases } from './selection-loss.js';

/** Every kernel's cases; both hosts run this list. */
export const kernelCases: readonly KernelCase[] = [
  ...matmulCases,
  ...residualCases,
  ...lossCases,
  ...outputGradientCases,
  ...momentumUpdateCases,
  ...gramRowsCases,
  ...scoreInitCases,
  ...argminCases,
  ...gatherColumnsCases,
  ...scoreUpdateCases,
  ...selectionLossCases,
];

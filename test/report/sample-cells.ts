import type { Cell } from '../../src/study/cell.js';
import { listPrunings, listTrials, studyCheckpoints } from '../../src/study/grid.js';
import type { StudyConfig } from '../../src/study/study-config.js';

/** Cells whose loss halves every √m iterations, down to `floor`. */
export function sampleCells(config: StudyConfig, floor = 0.001): readonly Cell[] {
  return listTrials(config).flatMap((trial) =>
    studyCheckpoints(config).flatMap((iteration) =>
      listPrunings(config).map((pruning): Cell => {
        const half = Math.sqrt(trial.examples) * (1 + 0.1 * trial.trial);
        const loss = Math.max(floor, 0.2 * 0.5 ** (iteration / half));
        return {
          ...trial,
          ...pruning,
          iteration,
          inputs: 785,
          denseLoss: loss / 2,
          subnetworkLoss: loss,
          denseTestLoss: loss,
          subnetworkTestLoss: loss,
          denseTestAccuracy: 1 - loss,
          subnetworkTestAccuracy: 1 - loss,
          distinct: Math.min(5, pruning.picks),
          passes: 2,
          seconds: 0.5,
          adapter: 'an <adapter> & more',
          ...(config.fineTune > 0 && { fineTunedLoss: loss / 4, fineTunedTestAccuracy: 0.987 }),
        };
      }),
    ),
  );
}

import type { ChannelCriterion } from '../../prune/channels/criteria.js';
import { fitThresholds, groups, type ThresholdFits } from '../analysis.js';
import { sortedCells } from '../records.js';
import { thresholdOfCourse } from '../thresholds.js';
import { denseAccuracy, MODEL_CELLS, type ModelStudyCell, subnetworkAccuracy } from './cell.js';
import { type ModelStudyConfig, unitOfStudy } from './config.js';
import { listStudiedModels, type StudiedModel, stepsOfStudy } from './grid.js';

/** The cells of one trial by one criterion, in order of iteration. */
export type ModelCourse = readonly [ModelStudyCell, ...ModelStudyCell[]];

/** What a study found of one network by one criterion. */
export interface ModelAnalysis extends ThresholdFits, StudiedModel {
  readonly criterion: ChannelCriterion;
  /** The finished trials. */
  readonly courses: readonly ModelCourse[];
}

/**
 * Finds, for each network and criterion, from which step of pre-training on the subnetwork was as good as the fully
 * trained dense network, and fits curves to these thresholds. Trials that lack a cell are left out.
 *
 * Both have had as many steps at most: the dense network all of pre-training and fine-tuning, the
 * subnetwork a part of the first and the second.
 *
 * @param resamples of the bootstrap that gives the fits their intervals; with 0 they have none.
 */
export function analyseModelStudy(
  config: ModelStudyConfig,
  cells: readonly ModelStudyCell[],
  resamples?: number,
): readonly ModelAnalysis[] {
  const length = config.checkpoints.length;
  const sorted = sortedCells(MODEL_CELLS, cells);
  const kinds = listStudiedModels(config).flatMap((model) =>
    config.criteria.map((criterion) => ({ ...model, criterion })),
  );
  return kinds.flatMap((kind): ModelAnalysis[] => {
    const { architecture, width, criterion } = kind;
    const own = sorted.filter(
      (cell) =>
        cell.architecture === architecture && cell.width === width && cell.criterion === criterion,
    );
    const trials = groups(own, ({ examples, trial }) => `${examples}/${trial}`);
    const courses = trials.filter((trial) => trial.length === length);
    if (courses.length === 0) return [];
    const thresholds = courses.map((course) => {
      const bound = fullyTrained(course) - config.tolerance;
      return thresholdOfCourse(course, (cell) => subnetworkAccuracy(cell) >= bound);
    });
    // The theory's curve is of two layers.
    const known = { picks: 0 };
    return [{ ...kind, courses, ...fitThresholds(thresholds, known, config.seed, resamples) }];
  });
}

/** The accuracy of the dense network after all steps of a trial. */
export function fullyTrained(course: ModelCourse): number {
  return denseAccuracy(course.at(-1) ?? course[0]);
}

/** The sizes of which a trial is finished. */
export function sizesOfAnalysis({ courses }: ModelAnalysis): readonly number[] {
  return [...new Set(courses.map(([{ examples }]) => examples))];
}

/** How far into its pre-training a checkpoint is, from 0 to 1. */
export function shareOfPretraining(
  config: ModelStudyConfig,
  { examples, iteration }: Pick<ModelStudyCell, 'examples' | 'iteration'>,
): number {
  return iteration / stepsOfStudy(config, examples).all;
}

/** What `thresholds.json` holds: the analyses without their cells. */
export function recordOfModelAnalyses(
  config: ModelStudyConfig,
  analyses: readonly ModelAnalysis[],
): object {
  const criteria = analyses.map(({ courses: _, ...rest }) => rest);
  return { counted: unitOfStudy(config), tolerance: config.tolerance, criteria };
}

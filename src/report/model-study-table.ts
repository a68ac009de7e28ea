import { mean } from 'simple-statistics';
import {
  fullyTrained,
  type ModelAnalysis,
  type ModelCourse,
  shareOfPretraining,
  sizesOfAnalysis,
} from '../study/model/analysis.js';
import { type ModelStudyCell, subnetworkAccuracy } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import { grouped } from '../text.js';
import { percent, type Rows } from './tables.js';

/** The trials of one size. */
export function coursesOfSize({ courses }: ModelAnalysis, size: number): readonly ModelCourse[] {
  return courses.filter(([{ examples }]) => examples === size);
}

/**
 * The table as the paper prints it, for one criterion: by size of dataset the subnetwork's accuracy
 * after each share of pre-training, the dense network's after all of it, and what is left of its
 * multiply-adds and parameters. Means over trials.
 */
export function publishedRows(config: ModelStudyConfig, analysis: ModelAnalysis): Rows {
  const [course] = analysis.courses;
  const shares = course?.map((cell) => percent(shareOfPretraining(config, cell), 0)) ?? [];
  return {
    head: ['pictures', ...shares, 'dense', 'multiply-adds', 'parameters', 'as good from'],
    rows: sizesOfAnalysis(analysis).map((size) => {
      const courses = coursesOfSize(analysis, size);
      const cells = courses.flat();
      return [
        grouped(size),
        ...shares.map((_, at) => percent(meanAt(courses, at, subnetworkAccuracy))),
        percent(mean(courses.map(fullyTrained))),
        percent(mean(cells.map((cell) => cell.multiplyAdds / cell.denseMultiplyAdds))),
        percent(mean(cells.map((cell) => cell.parameters / cell.denseParameters))),
        thresholdText(config, analysis, size),
      ];
    }),
  };
}

/**
 * What else was measured at each checkpoint, for one criterion and one size: right after the cut, and
 * what has had as many steps in all. Means over trials.
 */
export function controlRows(config: ModelStudyConfig, analysis: ModelAnalysis): Rows {
  const columns: readonly (readonly [string, (cell: ModelStudyCell) => number | undefined])[] = [
    ['dense as it was', ({ denseTestAccuracy }) => denseTestAccuracy],
    ['as cut', ({ subnetworkTestAccuracy }) => subnetworkTestAccuracy],
    ['fine-tuned', ({ fineTunedTestAccuracy }) => fineTunedTestAccuracy],
    ['dense, trained on', ({ continuedTestAccuracy }) => continuedTestAccuracy],
    ['from scratch', ({ scratchTestAccuracy }) => scratchTestAccuracy],
  ];
  const cells = analysis.courses.flat();
  const shown = columns.filter(([, value]) => cells.some((cell) => value(cell) !== undefined));
  return {
    head: ['pictures', 'pre-training', ...shown.map(([name]) => name)],
    rows: sizesOfAnalysis(analysis).flatMap((size) => {
      const courses = coursesOfSize(analysis, size);
      return (courses[0] ?? []).map((cell, at) => [
        grouped(size),
        `${percent(shareOfPretraining(config, cell), 0)}: ${grouped(cell.iteration)} steps`,
        ...shown.map(([, value]) => meanText(courses, at, value)),
      ]);
    }),
  };
}

/**
 * What magnitude pruning on top of channel selection keeps, beside each alone with as many weights that
 * are not zero. Means over trials; no rows where none follows.
 */
export function thenRows(config: ModelStudyConfig, analysis: ModelAnalysis): Rows {
  const parts: readonly (readonly [string, (cell: ModelStudyCell) => number | undefined])[] = [
    ['channels, then magnitude', ({ thenTestAccuracy }) => thenTestAccuracy],
    ['channels alone', ({ channelsAloneTestAccuracy }) => channelsAloneTestAccuracy],
    ['magnitude alone', ({ magnitudeAloneTestAccuracy }) => magnitudeAloneTestAccuracy],
    ['channels, none zeroed', subnetworkAccuracy],
  ];
  return {
    head: ['pictures', 'pre-training', 'weights that are not zero', ...parts.map(([name]) => name)],
    rows: sizesOfAnalysis(analysis).flatMap((size) => {
      const courses = coursesOfSize(analysis, size);
      return (courses[0] ?? []).flatMap((cell, at) => {
        if (cell.thenParameters === undefined) return [];
        const share = (own: ModelStudyCell) => (own.thenParameters ?? 0) / own.denseParameters;
        return [
          [
            grouped(size),
            percent(shareOfPretraining(config, cell), 0),
            percent(meanAt(courses, at, share)),
            ...parts.map(([, value]) => meanText(courses, at, value)),
          ],
        ];
      });
    }),
  };
}

/** From which share of pre-training on each trial's subnetwork was as good as its fully trained dense network. */
export function thresholdText(
  config: ModelStudyConfig,
  { thresholds }: ModelAnalysis,
  size: number,
): string {
  return thresholds
    .filter(({ examples }) => examples === size)
    .map(({ examples, iteration }) =>
      iteration === null
        ? 'never'
        : percent(shareOfPretraining(config, { examples, iteration }), 0),
    )
    .join(', ');
}

/** The mean over trials of a value at the checkpoint of that number. */
function meanAt(
  courses: readonly ModelCourse[],
  at: number,
  value: (cell: ModelStudyCell) => number,
): number {
  return mean(courses.flatMap((course) => (course[at] ? [value(course[at])] : [])));
}

/** The same as text; a dash where a trial has no such value, as where a training diverged. */
function meanText(
  courses: readonly ModelCourse[],
  at: number,
  value: (cell: ModelStudyCell) => number | undefined,
): string {
  const found = meanAt(courses, at, (own) => value(own) ?? Number.NaN);
  return Number.isNaN(found) ? '–' : percent(found);
}

import { mean } from 'simple-statistics';
import { type ComparedFit, compareFits, INDISTINCT } from '../theory/compare-fits.js';
import type { Setting } from '../theory/models.js';
import type { Cell } from './cell.js';
import { inOrder } from './cell.js';
import { studyCheckpoints } from './grid.js';
import type { StudyConfig } from './study-config.js';
import {
  type Course,
  type Criterion,
  type Crossing,
  commonLevel,
  findCrossing,
  findThreshold,
  type Threshold,
  thresholdInterval,
} from './thresholds.js';

/** What is the same for all cells of one analysis: every swept key but size and trial. */
export type AnalysedSetting = Pick<
  Cell,
  'width' | 'learningRate' | 'batch' | 'picks' | 'method' | 'rule'
>;

/** Thresholds, and the curves t(m) fitted to them, the best supported first. */
export interface ThresholdFits {
  readonly thresholds: readonly Threshold[];
  readonly fits: readonly ComparedFit[];
  /** The curves whose AICc is within 2 of the best: the data cannot tell which of them is right. */
  readonly supported: readonly string[];
  /** Why there are no fits; undefined when there are. */
  readonly missing: string | undefined;
}

/** Thresholds by one criterion, and the curves fitted to them. */
export interface Finding extends ThresholdFits {
  readonly criterion: Criterion;
}

/** The thresholds and fits of one setting, by both criteria. */
export interface Analysis {
  readonly setting: AnalysedSetting;
  readonly absolute: Finding;
  readonly relative: Finding;
  readonly crossings: readonly Crossing[];
  readonly courses: readonly Course[];
}

/**
 * Finds thresholds in the finished trials and fits curves to them, with one analysis for each
 * setting that the study sweeps. Trials that lack a cell are left out.
 *
 * @param resamples of the bootstrap that gives the fits their intervals; with 0 they have none.
 */
export function analyse(
  config: StudyConfig,
  cells: readonly Cell[],
  resamples?: number,
): readonly Analysis[] {
  const length = studyCheckpoints(config).length;
  return groups(inOrder(cells), settingKey).flatMap((ofSetting) => {
    const trials = groups(ofSetting, ({ examples, trial }) => `${examples}/${trial}`);
    const courses = trials.filter((trial) => trial.length === length);
    const [first] = courses;
    return first ? [analyseSetting(config, courses, first[0], resamples)] : [];
  });
}

function analyseSetting(
  config: StudyConfig,
  courses: readonly Course[],
  one: Cell,
  resamples: number | undefined,
): Analysis {
  const setting = cellSetting(one);
  const inputs = courses.flat().find((cell) => cell.inputs)?.inputs;
  const rho = inputs ? (m: number) => inputs / (setting.batch === 'full' ? m : m * m) : undefined;
  const find = (criterion: Criterion): Finding => {
    const thresholds = courses.map((course) => findThreshold(course, criterion));
    const known = { picks: setting.picks, rho };
    return { criterion, ...fitThresholds(thresholds, known, config.seed, resamples) };
  };
  return {
    setting,
    absolute: find({ name: 'absolute', level: config.level ?? commonLevel(courses) }),
    relative: find({ name: 'relative', tolerance: config.tolerance }),
    crossings: courses.map(findCrossing),
    courses,
  };
}

/**
 * Fits curves t(m) to thresholds.
 *
 * @param resamples of the bootstrap that gives the fits their intervals; with 0 they have none.
 */
export function fitThresholds(
  thresholds: readonly Threshold[],
  known: Setting,
  seed: number,
  resamples?: number,
): ThresholdFits {
  const { fits, missing } = compareFits(thresholds.map(thresholdInterval), known, seed, resamples);
  const least = fits[0]?.aicc ?? Number.NaN;
  const supported = fits
    .filter(({ aicc, weight }) => weight > 0 && aicc - least <= INDISTINCT)
    .map(({ model }) => model);
  return { thresholds, fits, supported, missing };
}

/** The best supported curve; undefined when there are too few trials to tell. */
export function bestFit({ fits, supported }: ThresholdFits): ComparedFit | undefined {
  return supported.length > 0 ? fits[0] : undefined;
}

export function analysedSizes({ courses }: Analysis): readonly number[] {
  return [...new Set(courses.map(([{ examples }]) => examples))];
}

/**
 * The mean threshold of each size. Sizes with a trial that never met the criterion are left out.
 */
export function meanThresholds({
  thresholds,
}: ThresholdFits): readonly (readonly [examples: number, iterations: number])[] {
  const sizes = [...new Set(thresholds.map(({ examples }) => examples))];
  return sizes.flatMap((size) => {
    const own = thresholds.filter(({ examples }) => examples === size);
    const known = own.flatMap(({ iteration }) => iteration ?? []);
    return known.length === own.length ? [[size, mean(known)] as const] : [];
  });
}

/** What `thresholds.json` holds: the analyses without their cells. */
export function recordOfAnalyses(analyses: readonly Analysis[]): object {
  return { settings: analyses.map(({ courses: _, ...rest }) => rest) };
}

function cellSetting({ width, learningRate, batch, picks, method, rule }: Cell): AnalysedSetting {
  return { width, learningRate, batch, picks, method, rule };
}

function settingKey(cell: Cell): string {
  return Object.values(cellSetting(cell)).join('/');
}

/** The cells grouped by key. Groups and cells keep the order given. */
export function groups<Cell>(
  cells: readonly Cell[],
  groupKey: (cell: Cell) => string,
): readonly (readonly [Cell, ...Cell[]])[] {
  const byKey = new Map<string, [Cell, ...Cell[]]>();
  for (const cell of cells) {
    const key = groupKey(cell);
    const group = byKey.get(key);
    if (group) group.push(cell);
    else byKey.set(key, [cell]);
  }
  return [...byKey.values()];
}

import { max, mean } from 'simple-statistics';
import {
  type Analysis,
  analysedSizes,
  bestFit,
  type Finding,
  type ThresholdFits,
} from '../study/analysis.js';
import type { Cell } from '../study/cell.js';
import { grouped } from '../text.js';
import { criterionText, curveName, estimateText, figure, formulaText } from './words.js';

/** A table of text. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The index of the row to highlight. */
  readonly best?: number;
}

/** Losses and accuracies at the last checkpoint by dataset size, mean over trials. */
export function endRows(analysis: Analysis): Rows {
  const columns: readonly (readonly [string, (cell: Cell) => number | undefined, Format])[] = [
    ['dense: training loss', ({ denseLoss }) => denseLoss, figure],
    ['test accuracy', ({ denseTestAccuracy }) => denseTestAccuracy, percent],
    ['subnetwork: training loss', ({ subnetworkLoss }) => subnetworkLoss, figure],
    ['test accuracy', ({ subnetworkTestAccuracy }) => subnetworkTestAccuracy, percent],
    ['distinct neurons', ({ distinct }) => distinct, figure],
    ['fine-tuned: training loss', ({ fineTunedLoss }) => fineTunedLoss, figure],
    ['test accuracy', ({ fineTunedTestAccuracy }) => fineTunedTestAccuracy, percent],
    ['dense, as many steps: test accuracy', (cell) => cell.continuedTestAccuracy, percent],
    ['from scratch: test accuracy', ({ scratchTestAccuracy }) => scratchTestAccuracy, percent],
  ];
  const ends = analysis.courses.map((course) => course.at(-1) ?? course[0]);
  const shown = columns.filter(([, of]) => ends.some((cell) => of(cell) !== undefined));
  const judged = ends.some((cell) => cell.scratchTestAccuracy !== undefined);
  return {
    head: ['examples', ...shown.map(([name]) => name), ...(judged ? ['best of these three'] : [])],
    rows: analysedSizes(analysis).map((size) => {
      const cells = ends.filter(({ examples }) => examples === size);
      return [
        grouped(size),
        ...shown.map(([, of, format]) => format(mean(cells.map((cell) => of(cell) ?? Number.NaN)))),
        ...(judged ? [bestAtEqualSteps(cells)] : []),
      ];
    }),
  };
}

/** Of what has had as many steps as the fine-tuned subnetworks, what has most new examples right. */
function bestAtEqualSteps(cells: readonly Cell[]): string {
  const standing = [
    ['fine-tuned', (cell: Cell) => cell.fineTunedTestAccuracy],
    ['from scratch', (cell: Cell) => cell.scratchTestAccuracy],
    ['dense', (cell: Cell) => cell.continuedTestAccuracy],
  ] as const;
  const means = standing.map(([name, of]) => ({
    name,
    accuracy: mean(cells.map((cell) => of(cell) ?? Number.NaN)),
  }));
  return means.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).name;
}

/**
 * By dataset size: the thresholds of all trials, and when the subnetwork was first as good as the
 * dense network is at the end, as a share of all iterations.
 */
export function thresholdRows(analysis: Analysis): Rows {
  const { absolute, relative, crossings } = analysis;
  const total = max(analysis.courses.flat().map(({ iteration }) => iteration));
  const share = (size: number, of: 'byLoss' | 'byAccuracy') => {
    const own = crossings.filter(({ examples }) => examples === size);
    return own.map((one) => (one[of] === null ? 'never' : percent(one[of] / total, 0))).join(', ');
  };
  return {
    head: [
      'examples',
      `t* by ${criterionText(absolute)}`,
      `t* by ${criterionText(relative)}`,
      'as good as the final dense network in training loss at',
      'in test accuracy at',
    ],
    rows: analysedSizes(analysis).map((size) => [
      grouped(size),
      thresholdsAt(absolute, size),
      thresholdsAt(relative, size),
      share(size, 'byLoss'),
      share(size, 'byAccuracy'),
    ]),
  };
}

/** The fitted curves, the best supported first. */
export function fitRows(finding: ThresholdFits): Rows {
  const { fits } = finding;
  const least = fits[0]?.aicc ?? Number.NaN;
  return {
    head: ['curve', 'parameters (95 % interval)', 'σ', 'R²', 'AICc', 'Δ AICc', 'weight'],
    rows: fits.map((fit) => [
      `${curveName(fit.model)}: ${formulaText(fit.formula)}`,
      Object.entries(fit.parameters)
        .map(([name, estimate]) => estimateText(name, estimate))
        .join(', '),
      figure(fit.deviation),
      fit.rSquared === undefined
        ? '–'
        : fit.rSquared.toFixed(2).replace(/^-(0\.00)?/, (_, zero?: string) => zero ?? '−'),
      Number.isFinite(fit.aicc) ? fit.aicc.toFixed(1).replace('-', '−') : '–',
      bestFit(finding) ? (fit.aicc - least).toFixed(1) : '–',
      bestFit(finding) ? percent(fit.weight, 0) : '–',
    ]),
    ...(bestFit(finding) && { best: 0 }),
  };
}

/** The thresholds of all trials of a size: `250, 300, > 1,000`. */
export function thresholdsAt({ thresholds }: Finding, size: number): string {
  return thresholds
    .filter(({ examples }) => examples === size)
    .map(({ iteration, after }) =>
      iteration === null ? `> ${grouped(after ?? 0)}` : grouped(iteration),
    )
    .join(', ');
}

type Format = (value: number) => string;

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

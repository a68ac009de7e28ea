import * as Plot from '@observablehq/plot';
import { extent, max } from 'simple-statistics';
import { bestFit, type ThresholdFits } from '../study/analysis.js';
import type { ModelName } from '../theory/models.js';
import {
  COLORS,
  type Drawing,
  finishedDrawing,
  type LegendEntry,
  type Paper,
  stacked,
} from './drawing.js';
import { compact, curveName, formulaText } from './words.js';

const CURVE_COLORS: Readonly<Record<ModelName, string>> = {
  constant: 'var(--constant)',
  logarithm: 'var(--logarithm)',
  power: 'var(--power)',
  theory: 'var(--theory)',
};

/** How many segments a curve is drawn with. */
const STEPS = 48;

/** What is plotted. */
export interface ThresholdFigure {
  readonly sizes: readonly number[];
  /** The last iteration of all. */
  readonly last: number;
  readonly finding: ThresholdFits;
}

/**
 * A plot of the thresholds against dataset size, with the fitted curves and the best one's 95 %
 * band.
 */
export function thresholdPlot(paper: Paper, { sizes, last, finding }: ThresholdFigure): Drawing {
  const [low, high] = extent([...sizes]);
  const along = Array.from({ length: STEPS + 1 }, (_, i) => low * (high / low) ** (i / STEPS));
  const points = spread(finding);
  const reached = points.filter(({ iteration }) => iteration !== null);
  const censored = points.filter(({ iteration }) => iteration === null);
  const top = 1.08 * max([1, ...points.map(({ iteration, after }) => iteration ?? after ?? 0)]);
  const best = bestFit(finding);
  const band = best
    ? along.flatMap((x) => {
        const range = best.band(x);
        return range ? [{ x, low: range[0], high: range[1] }] : [];
      })
    : [];
  const plot = Plot.plot({
    ...paper.plot(0.66),
    x: {
      type: 'log',
      label: 'training examples m',
      ticks: [...sizes],
      tickFormat: compact,
      inset: 14,
    },
    y: { label: 'threshold t*, iterations', domain: [0, Math.min(top, 1.08 * last)], grid: true },
    marks: [
      ...(best
        ? [
            Plot.areaY(band, {
              x: 'x',
              y1: 'low',
              y2: 'high',
              fill: CURVE_COLORS[best.model],
              fillOpacity: 0.18,
              clip: true,
            }),
          ]
        : []),
      ...finding.fits.toReversed().map((fit) =>
        Plot.line(
          along.map((x) => ({ x, y: fit.predict(x) })).filter(({ y }) => Number.isFinite(y)),
          {
            x: 'x',
            y: 'y',
            stroke: CURVE_COLORS[fit.model],
            strokeWidth: fit === best ? 3 : 1.5,
            clip: true,
          },
        ),
      ),
      Plot.dot(reached, { x: 'x', y: 'iteration', r: 4, fill: COLORS.text }),
      Plot.dot(censored, { x: 'x', y: 'after', r: 5, symbol: 'triangle', fill: COLORS.text }),
    ],
  });
  const legend: readonly LegendEntry[] = [
    { mark: 'dot', text: 'one trial' },
    ...(censored.length > 0
      ? [{ mark: 'triangle', text: 'one trial, not reached: larger than this' } as const]
      : []),
    ...finding.fits.map((fit) => ({
      mark: 'line' as const,
      color: CURVE_COLORS[fit.model],
      text: `${formulaText(fit.formula)}: ${curveName(fit.model)}${fit === best ? ', best, 95 % band' : ''}`,
    })),
  ];
  return stacked(paper, [finishedDrawing(plot), finishedDrawing(paper.legend(legend))]);
}

/** Shifts the points of one size a little apart, since equal thresholds would cover each other. */
function spread({ thresholds }: ThresholdFits) {
  return thresholds.map((threshold) => {
    const trials = thresholds.filter(({ examples }) => examples === threshold.examples);
    const shift = trials.indexOf(threshold) - (trials.length - 1) / 2;
    return { ...threshold, x: threshold.examples * 1.03 ** shift };
  });
}

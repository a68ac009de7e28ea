import * as Plot from '@observablehq/plot';
import { max, mean, min } from 'simple-statistics';
import {
  fullyTrained,
  type ModelAnalysis,
  shareOfPretraining,
  sizesOfAnalysis,
} from '../study/model/analysis.js';
import { denseAccuracy, type ModelStudyCell, subnetworkAccuracy } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import { grouped } from '../text.js';
import { COLORS, type Drawing, finishedDrawing, type Paper } from './drawing.js';
import { coursesOfSize } from './model-study-table.js';

/** The networks that are drawn against pre-training, each with a colour of its own. */
export const COURSES_DRAWN = [
  { text: 'subnetwork, fine-tuned', color: COLORS.subnetwork, value: subnetworkAccuracy },
  {
    text: 'dense network, as many steps in all',
    color: COLORS.dense,
    value: denseAccuracy,
  },
  {
    text: 'the subnetwork’s architecture from scratch, as many steps in all',
    color: 'var(--theory)',
    value: ({ scratchTestAccuracy = Number.NaN }: ModelStudyCell) => scratchTestAccuracy,
  },
] as const;

/**
 * For each dataset size a plot of accuracies against the share of pre-training: the mean, and the range
 * over trials. The line across is the dense network after all steps.
 */
export function accuracyCurves(
  paper: Paper,
  config: ModelStudyConfig,
  analysis: ModelAnalysis,
): readonly Drawing[] {
  const cells = analysis.courses.flat();
  const values = cells.flatMap((cell) =>
    COURSES_DRAWN.map(({ value }) => 100 * value(cell)).filter(Number.isFinite),
  );
  const domain = [Math.floor(min(values) / 5) * 5, Math.ceil(max(values) / 5) * 5];
  return sizesOfAnalysis(analysis).map((size) => {
    const courses = coursesOfSize(analysis, size);
    const curves = COURSES_DRAWN.flatMap(({ color, value }) => {
      const bands = (courses[0] ?? []).flatMap((cell, at) => {
        const own = courses.flatMap((course) => (course[at] ? 100 * value(course[at]) : []));
        if (!own.every(Number.isFinite)) return [];
        const share = 100 * shareOfPretraining(config, cell);
        return [{ share, mean: mean(own), low: min(own), high: max(own) }];
      });
      const at = { x: 'share' } as const;
      return [
        Plot.areaY(bands, { ...at, y1: 'low', y2: 'high', fill: color, fillOpacity: 0.2 }),
        Plot.lineY(bands, { ...at, y: 'mean', stroke: color, strokeWidth: 2 }),
        Plot.dot(bands, { ...at, y: 'mean', fill: color, r: 3 }),
      ];
    });
    return finishedDrawing(
      Plot.plot({
        ...paper.plot(0.72),
        x: { label: 'pre-training, % of its steps', ticks: 5 },
        y: { domain, label: '% of new pictures right', ticks: 5, grid: true },
        marks: [
          Plot.ruleY([100 * mean(courses.map(fullyTrained))], {
            stroke: COLORS.dense,
            strokeDasharray: '6,4',
          }),
          ...curves,
          Plot.text([`m = ${grouped(size)}`], {
            frameAnchor: 'top-right',
            fontWeight: 'bold',
            dy: -18,
          }),
        ],
      }),
    );
  });
}

import * as Plot from '@observablehq/plot';
import { max, mean } from 'simple-statistics';
import {
  fullyTrained,
  type ModelAnalysis,
  shareOfPretraining,
  sizesOfAnalysis,
} from '../study/model/analysis.js';
import { subnetworkAccuracy } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import { studiedModelText } from '../study/model/grid.js';
import { grouped } from '../text.js';
import { COLORS, type Drawing, finishedDrawing, type Paper } from './drawing.js';
import { coursesOfSize, thresholdText } from './model-study-table.js';
import { percent, type Rows } from './tables.js';
import { compact } from './words.js';

/** What came out for one network and one size of dataset; figures are means over trials. */
interface Outcome {
  readonly model: string;
  readonly size: number;
  /** Of the dense network. */
  readonly multiplyAdds: number;
  readonly parameters: number;
  /** Of the subnetwork that is cut after all of pre-training. */
  readonly subnetwork: number;
  readonly dense: number;
  readonly analysis: ModelAnalysis;
}

function outcomes(analyses: readonly ModelAnalysis[]): readonly Outcome[] {
  return analyses.flatMap((analysis) =>
    sizesOfAnalysis(analysis).map((size) => {
      const courses = coursesOfSize(analysis, size);
      const [{ denseMultiplyAdds, denseParameters }] = courses[0]!;
      return {
        model: studiedModelText(analysis),
        size,
        multiplyAdds: denseMultiplyAdds,
        parameters: denseParameters,
        subnetwork: mean(courses.map((course) => subnetworkAccuracy(course.at(-1)!))),
        dense: mean(courses.map(fullyTrained)),
        analysis,
      };
    }),
  );
}

/**
 * How the accuracy of the subnetwork and its threshold move with the network's width and depth, by one
 * criterion. Means over trials.
 */
export function widthDepthRows(config: ModelStudyConfig, analyses: readonly ModelAnalysis[]): Rows {
  return {
    head: [
      ...['network', 'pictures', 'multiply-adds', 'parameters'],
      ...['subnetwork', 'dense', 'points between', 'as good from'],
    ],
    rows: outcomes(analyses).map((outcome) => [
      outcome.model,
      grouped(outcome.size),
      grouped(outcome.multiplyAdds),
      grouped(outcome.parameters),
      percent(outcome.subnetwork),
      percent(outcome.dense),
      (100 * (outcome.subnetwork - outcome.dense)).toFixed(1).replace('-', '−'),
      thresholdText(config, outcome.analysis, outcome.size),
    ]),
  };
}

/**
 * Two plots for each size of dataset against the dense network's multiply-adds: the accuracies of the
 * subnetwork and of the dense network, and the thresholds of the trials. A line joins the widths of one
 * architecture, or where there is one width, the depths.
 */
export function widthDepthPlots(
  paper: Paper,
  config: ModelStudyConfig,
  analyses: readonly ModelAnalysis[],
): readonly Drawing[] {
  const all = outcomes(analyses);
  const line = (outcome: Outcome) =>
    config.widths.length > 1 ? outcome.analysis.architecture : '';
  // A line of widths has its architecture's name at its end.
  const label = ({ analysis: { architecture, width } }: Outcome) => {
    if (config.widths.length === 1) return architecture;
    return width === max([...config.widths]) ? `${architecture} × ${width}` : `× ${width}`;
  };
  const x = {
    type: 'log',
    label: 'multiply-adds of the dense network',
    ticks: 3,
    tickFormat: '~s',
    inset: 44,
  } as const;
  return [...new Set(all.map(({ size }) => size))].flatMap((size) => {
    const own = all.filter((outcome) => outcome.size === size);
    const title = Plot.text([`m = ${grouped(size)}`], {
      ...{ frameAnchor: 'top-right', fontWeight: 'bold', dy: -18 },
    });
    const accuracy = (key: 'subnetwork' | 'dense') => {
      const at = { x: 'multiplyAdds', y: (outcome: Outcome) => 100 * outcome[key] } as const;
      return [
        Plot.line(own, { ...at, z: line, sort: 'multiplyAdds', stroke: COLORS[key] }),
        Plot.dot(own, { ...at, r: 3, fill: COLORS[key] }),
      ];
    };
    const trials = own.flatMap(({ multiplyAdds, analysis }) =>
      analysis.thresholds
        .filter(({ examples }) => examples === size)
        .map(({ iteration }) => ({
          multiplyAdds,
          never: iteration === null,
          share:
            iteration === null
              ? 100
              : 100 * shareOfPretraining(config, { examples: size, iteration }),
        })),
    );
    return [
      finishedDrawing(
        Plot.plot({
          ...paper.plot(0.72),
          x,
          y: {
            label: '% of new pictures right',
            grid: true,
            ticks: 5,
            tickFormat: compact,
            inset: 16,
          },
          marks: [
            ...accuracy('dense'),
            ...accuracy('subnetwork'),
            Plot.text(own, {
              x: 'multiplyAdds',
              y: (outcome: Outcome) => 100 * outcome.subnetwork,
              text: label,
              ...{ textAnchor: 'end', dx: -7, dy: -7 },
            }),
            title,
          ],
        }),
      ),
      finishedDrawing(
        Plot.plot({
          ...paper.plot(0.72),
          x,
          y: { label: 'as good from, % of pre-training', domain: [0, 105], ticks: 5, grid: true },
          marks: [
            Plot.dot(trials, {
              x: 'multiplyAdds',
              y: 'share',
              r: 4,
              symbol: ({ never }: (typeof trials)[number]) => (never ? 'triangle' : 'circle'),
              fill: COLORS.text,
              fillOpacity: 0.6,
            }),
            title,
          ],
        }),
      ),
    ];
  });
}

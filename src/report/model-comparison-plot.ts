import * as Plot from '@observablehq/plot';
import type { CompareModelSummary, ModelCell } from '../experiment/model/compare/events.js';
import type { Refit, Sharing } from '../experiment/model/prune/events.js';
import { COLORS, DASHES, type Drawing, finishedDrawing, type Paper } from './drawing.js';
import { scoreOf, waysOf } from './model-comparison-table.js';

/** Colours of the criteria, in their order, told apart in light and in dark. */
const INKS = [
  'var(--subnetwork)',
  '#2a9d8f',
  '#7b5cd6',
  '#d1495b',
  '#c77d0a',
  '#b5179e',
  '#8a8f98',
  '#3a7d44',
  '#5f8dd3',
  '#9c6644',
  '#a3a300',
  '#e0719e',
] as const;

const MARKS: Readonly<Record<Refit, keyof typeof DASHES>> = {
  weights: 'line',
  scales: 'dashes',
  none: 'dots',
};

interface Point {
  readonly way: string;
  readonly criterion: string;
  readonly refit: Refit;
  /** Per cent of the dense network's multiply-adds. */
  readonly kept: number;
  /** Per cent right, or agreed. */
  readonly score: number;
}

/**
 * Right answers, or where there are no labels the dense network's answers, against the multiply-adds
 * that are left: a line a criterion and refit, which ends at the dense network.
 */
export function scoreAgainstWork(
  paper: Paper,
  summary: CompareModelSummary,
  sharing: Sharing,
): Drawing {
  const { dense } = summary;
  const score = scoreOf(summary);
  const inks = inksOf(summary);
  const whole = { kept: 100, score: 100 * score.dense };
  const pointOf = (cell: ModelCell): Point => ({
    way: `${cell.criterion} ${cell.refit}`,
    criterion: cell.criterion,
    refit: cell.refit,
    kept: (100 * cell.multiplyAdds) / dense.multiplyAdds,
    score: 100 * score.of(cell),
  });
  const points = summary.cells.filter(({ budgets }) => budgets === sharing).map(pointOf);
  const lines = waysOf(summary).flatMap(({ criterion, refit }) => {
    const way = `${criterion} ${refit}`;
    const own = points.filter((point) => point.way === way).sort((a, b) => a.kept - b.kept);
    return own.length > 0 ? [...own, { way, criterion, refit, ...whole }] : [];
  });
  const ink = ({ criterion }: Point) => inks.get(criterion) ?? COLORS.text;
  const least = Math.min(...summary.cells.map(pointOf).map(({ kept }) => kept));
  return finishedDrawing(
    Plot.plot({
      ...paper.plot(paper.width < 500 ? 0.95 : 0.55),
      x: { label: 'multiply-adds left, %', domain: [Math.min(least, 99) - 1, 101], ticks: 6 },
      y: { label: `${score.name}, %`, domain: [0, 100], ticks: 5, grid: true },
      color: { type: 'identity' },
      marks: [
        Plot.ruleY([whole.score], { stroke: COLORS.dense, strokeDasharray: DASHES.dashes }),
        ...(Object.keys(MARKS) as Refit[]).map((refit) =>
          Plot.line(
            lines.filter((point) => point.refit === refit),
            {
              x: 'kept',
              y: 'score',
              z: 'way',
              stroke: ink,
              strokeWidth: 2,
              strokeDasharray: DASHES[MARKS[refit]],
            },
          ),
        ),
        Plot.dot(points, {
          x: 'kept',
          y: 'score',
          r: 3.5,
          fill: ink,
          title: ({ way, kept, score: value }: Point) =>
            `${way}: ${value.toFixed(1)} % at ${kept.toFixed(1)} % of the multiply-adds`,
        }),
        Plot.dot([whole], { x: 'kept', y: 'score', r: 4.5, fill: COLORS.dense }),
      ],
    }),
  );
}

/** Names, colours and dashes, to be read beside the figures. */
export function modelComparisonLegend(paper: Paper, summary: CompareModelSummary): Drawing {
  const refits = [...new Set(waysOf(summary).map(({ refit }) => refit))];
  return finishedDrawing(
    paper.legend([
      ...[...inksOf(summary)].map(([text, color]) => ({ mark: 'dot' as const, text, color })),
      ...refits.map((refit) => ({
        mark: MARKS[refit],
        text: `refit: ${refit}`,
        color: COLORS.muted,
      })),
      { mark: 'dashes', text: 'the dense network', color: COLORS.dense },
    ]),
  );
}

function inksOf(summary: CompareModelSummary): ReadonlyMap<string, string> {
  const criteria = [...new Set(waysOf(summary).map(({ criterion }) => criterion))];
  return new Map(criteria.map((name, at) => [name, INKS[at % INKS.length] ?? COLORS.text]));
}

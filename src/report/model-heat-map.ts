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
import { type Column, gridTiles, type Tile } from './borders.js';
import { type Drawing, finishedDrawing, type Paper, stacked } from './drawing.js';
import { coursesOfSize } from './model-study-table.js';
import { markOfLine } from './threshold-line.js';
import { compact } from './words.js';

/**
 * A heat map of the subnetwork's accuracy less that of the fully trained dense network, in points, by
 * dataset size and share of pre-training: means over trials. The line over it is where the difference
 * crosses zero for good, straight between checkpoints.
 */
export function modelHeatMap(
  paper: Paper,
  config: ModelStudyConfig,
  analysis: ModelAnalysis,
): Drawing {
  const columns = differences(config, analysis);
  const tiles = gridTiles(columns);
  const most = max([1, ...tiles.map(({ value }) => Math.abs(value))]);
  const color = { type: 'diverging', scheme: 'RdBu', pivot: 0, domain: [-most, most] } as const;
  const sizes = sizesOfAnalysis(analysis);
  const line = columns.map((column) => ({ size: column.size, height: crossing(column) }));
  const mark = markOfLine(line, 'line');
  const at = { x: 'size', y: 'height' } as const;
  const map = Plot.plot({
    ...paper.plot(0.62),
    x: { type: 'log', label: 'training pictures m', ticks: [...sizes], tickFormat: compact },
    y: { label: 'pre-training, % of its steps', grid: false, ticks: [0, 25, 50, 75, 100] },
    color,
    marks: [
      Plot.rect(tiles, {
        ...{ x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2' },
        fill: 'value',
        shapeRendering: 'crispEdges',
      }),
      // Beside the line's points, which lie on the middle of a column.
      Plot.text(tiles, {
        x: ({ x1, x2 }: Tile) => Math.sqrt(x1 * x2),
        y: ({ y1, y2 }: Tile) => (y1 + y2) / 2,
        dx: mark === 'none' ? 0 : -26,
        text: ({ value }: Tile) => signed(value),
        fill: ({ value }: Tile) => (Math.abs(value) > 0.6 * most ? 'white' : 'black'),
      }),
      Plot.line(line, { ...at, stroke: 'white', strokeWidth: 5 }),
      Plot.line(line, { ...at, stroke: 'black', strokeWidth: 2 }),
      Plot.dot(line, { ...at, r: 4, fill: 'white', stroke: 'black' }),
    ],
  });
  const legend = paper.legend([
    {
      mark,
      text:
        mark === 'none'
          ? 'nowhere as good as the dense network'
          : 'from here on as good as the dense network',
    },
  ]);
  return stacked(paper, [finishedDrawing(map), finishedDrawing(legend)]);
}

/** Points of accuracy that the subnetwork has more than the fully trained dense network. */
function differences(config: ModelStudyConfig, analysis: ModelAnalysis): readonly Column[] {
  return sizesOfAnalysis(analysis).map((size) => {
    const courses = coursesOfSize(analysis, size);
    const rows = (courses[0] ?? []).map((cell, at) => ({
      height: 100 * shareOfPretraining(config, cell),
      value: mean(
        courses.flatMap((course) =>
          course[at] ? 100 * (subnetworkAccuracy(course[at]) - fullyTrained(course)) : [],
        ),
      ),
    }));
    return { size, rows };
  });
}

/** Where a column's difference crosses zero and stays above it; undefined where its end is below. */
function crossing({ rows }: Column): number | undefined {
  const last = rows.findLastIndex(({ value }) => value < 0);
  const [below, above] = [rows[last], rows[last + 1]];
  if (!above) return undefined;
  if (!below) return above.height;
  const part = -below.value / (above.value - below.value);
  return below.height + part * (above.height - below.height);
}

/** `+1.2`, `−0.4`. */
function signed(points: number): string {
  const text = Math.abs(points).toFixed(1);
  return `${points < 0 ? '−' : '+'}${text}`;
}

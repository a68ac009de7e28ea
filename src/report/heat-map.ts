import * as Plot from '@observablehq/plot';
import { mean } from 'simple-statistics';
import { type Analysis, analysedSizes, type Finding, meanThresholds } from '../study/analysis.js';
import { gridTiles, type Tile } from './borders.js';
import {
  DASHES,
  type Drawing,
  finishedDrawing,
  type LegendEntry,
  logDomain,
  type Paper,
  stacked,
} from './drawing.js';
import { markOfLine, thresholdLine } from './threshold-line.js';
import { compact, criterionText } from './words.js';

/**
 * A heat map of the subnetwork's training loss (mean over trials) by dataset size and iterations of
 * pre-training. Lines over it are the mean thresholds by both criteria.
 */
export function heatMap(paper: Paper, analysis: Analysis): Drawing {
  const tiles = heatMapTiles(analysis);
  const domain = logDomain(tiles.map(({ value }) => value));
  const color = { type: 'log', scheme: 'YlGnBu', domain: [...domain], reverse: true } as const;
  const sizes = analysedSizes(analysis);
  const { absolute, relative } = analysis;
  const pointsOf = (finding: Finding) => thresholdLine(sizes, meanThresholds(finding));
  const line = (finding: Finding, mark: keyof typeof DASHES) => {
    const points = pointsOf(finding);
    const at = { x: 'size', y: 'height' };
    return [
      Plot.line(points, { ...at, stroke: 'black', strokeWidth: 5, strokeOpacity: 0.6 }),
      Plot.line(points, {
        ...at,
        stroke: 'white',
        strokeWidth: 2.5,
        strokeDasharray: DASHES[mark],
      }),
      Plot.dot(points, { ...at, r: 4, fill: 'white', stroke: 'black' }),
    ];
  };
  const entry = (finding: Finding, own: keyof typeof DASHES): LegendEntry => {
    const mark = markOfLine(pointsOf(finding), own);
    const what = mark === 'none' ? 'reached by every trial of no size' : 'mean threshold';
    return { mark, text: `${what}: ${criterionText(finding)}` };
  };
  const map = Plot.plot({
    ...paper.plot(0.62),
    x: { type: 'log', label: 'training examples m', ticks: [...sizes], tickFormat: compact },
    y: { label: 'iterations of pre-training', grid: false },
    color,
    marks: [
      Plot.rect(tiles, {
        x1: 'x1',
        x2: 'x2',
        y1: 'y1',
        y2: 'y2',
        fill: 'value',
        shapeRendering: 'crispEdges',
      }),
      ...line(relative, 'dots'),
      ...line(absolute, 'line'),
    ],
  });
  return stacked(paper, [
    finishedDrawing(key(paper, domain, color)),
    finishedDrawing(map),
    finishedDrawing(paper.legend([entry(absolute, 'line'), entry(relative, 'dots')])),
  ]);
}

/** The scale from colours to losses. */
function key(paper: Paper, [low, high]: readonly [number, number], color: Plot.ScaleOptions) {
  const steps = 40;
  const edge = (step: number) => low * (high / low) ** (step / steps);
  const boxes = Array.from({ length: steps }, (_, step) => ({
    x1: edge(step),
    x2: edge(step + 1),
    loss: Math.sqrt(edge(step) * edge(step + 1)),
  }));
  return Plot.plot({
    ...paper.plot(0),
    width: Math.min(paper.width, 380),
    height: 64,
    marginTop: 22,
    marginBottom: 26,
    marginLeft: 16,
    x: {
      type: 'log',
      label: null,
      ticks: roundNumbers(low, high),
      tickFormat: compact,
    },
    y: { axis: null },
    color,
    marks: [
      Plot.rectX(boxes, { x1: 'x1', x2: 'x2', fill: 'loss', shapeRendering: 'crispEdges' }),
      Plot.text(['training loss of the subnetwork, mean over trials'], {
        frameAnchor: 'top-left',
        dy: -18,
      }),
    ],
  });
}

/** All numbers from `low` to `high` that are 1, 2 or 5 times a power of ten. */
function roundNumbers(low: number, high: number): readonly number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Math.ceil(Math.log10(high)) - first;
  return Array.from({ length: decades }, (_, decade) => first + decade)
    .flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)))
    .filter((value) => value >= low && value <= high);
}

/** A tile for each size and checkpoint. */
function heatMapTiles(analysis: Analysis): readonly Tile[] {
  return gridTiles(
    analysedSizes(analysis).map((size) => {
      const courses = analysis.courses.filter(([{ examples }]) => examples === size);
      const rows = courses[0]?.map(({ iteration }, row) => ({
        height: iteration,
        value: mean(courses.map((course) => course[row]?.subnetworkLoss ?? Number.NaN)),
      }));
      return { size, rows: rows ?? [] };
    }),
  );
}

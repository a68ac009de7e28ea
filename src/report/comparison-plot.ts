import * as Plot from '@observablehq/plot';
import { extent } from 'simple-statistics';
import type { CompareSummary, Contender } from '../experiment/compare-events.js';
import { courseOfDense, NAMES, stagesIn } from './comparison-table.js';
import { COLORS, DASHES, type Drawing, finishedDrawing, logDomain, type Paper } from './drawing.js';
import { compact } from './words.js';

/** Colours that differ on light and on dark ground, and for colour-blind people. */
const INK: Readonly<Record<Contender, string>> = {
  greedy: 'var(--subnetwork)',
  'line-search': '#2a9d8f',
  corrective: '#7b5cd6',
  random: '#8a8f98',
  magnitude: '#c77d0a',
  activation: '#d1495b',
  gradient: '#b5179e',
  backward: '#3a7d44',
  scratch: 'var(--text)',
};

/**
 * A plot of the training loss against the number of picks. Methods that pick have lines, networks
 * trained from scratch have points. The dense network's loss and, where it is known, the bound that
 * greedy selection guarantees are drawn too.
 */
export function lossAgainstPicks(paper: Paper, summary: CompareSummary): Drawing {
  const lines = summary.curves.flatMap(({ method, loss }) =>
    Array.from(loss, (value, step) => ({ method, picks: step + 1, loss: value })),
  );
  const points = summary.rows
    .filter(({ method }) => method === 'scratch')
    .map(({ method, picks, trainingLoss }) => ({ method, picks, loss: trainingLoss }));
  const { guarantee, dense } = summary;
  const all = [...lines, ...points].map(({ loss }) => loss).concat(dense.loss);
  const [least, top] = extent(all);
  const bound = Array.from(guarantee?.bound ?? [], (loss, step) => ({ picks: step + 1, loss }));
  const seen = bound.filter(({ loss }) => loss <= top * 1.5);
  return finishedDrawing(
    Plot.plot({
      ...paper.plot(paper.width < 500 ? 0.9 : 0.55),
      x: { type: 'log', label: 'neurons picked', ticks: 5, tickFormat: compact },
      y: {
        type: 'log',
        domain: [Math.min(least, guarantee?.hull.loss || Number.POSITIVE_INFINITY), top],
        label: 'training loss',
        ticks: 4,
        tickFormat: compact,
        grid: true,
      },
      color: { type: 'identity' },
      marks: [
        Plot.ruleY([dense.loss], { stroke: COLORS.dense, strokeDasharray: DASHES.dashes }),
        Plot.lineY(seen, {
          x: 'picks',
          y: 'loss',
          stroke: COLORS.muted,
          strokeDasharray: DASHES.dots,
        }),
        Plot.lineY(lines, {
          x: 'picks',
          y: 'loss',
          z: 'method',
          stroke: ({ method }: { method: Contender }) => INK[method],
          strokeWidth: ({ method }: { method: Contender }) => (method === 'greedy' ? 3 : 1.8),
        }),
        Plot.dot(points, { x: 'picks', y: 'loss', fill: INK.scratch, r: 3.5 }),
      ],
    }),
  );
}

/** What is drawn of each stage, by its key in a comparison. */
const MEASURES = {
  trainingLoss: { factor: 1, label: 'training loss', type: 'log' },
  testAccuracy: { factor: 100, label: 'test accuracy, %', type: 'linear' },
} as const;

/**
 * Plots of a measure against the number of picks, at the sizes of the configuration: one for each
 * stage from `first` on, all on the same axes. The dashed line is the dense network, refitted and
 * fine-tuned where the others are.
 */
export function stagesAgainstPicks(
  paper: Paper,
  { rows, dense }: CompareSummary,
  key: keyof typeof MEASURES,
  first = 0,
): readonly Drawing[] {
  const { factor, label, type } = MEASURES[key];
  const stages = stagesIn(rows).slice(first);
  const whole = courseOfDense(dense);
  const valuesOf = (value: number | undefined) => (value === undefined ? [] : [factor * value]);
  const points = stages.map(([name, at]) => ({
    name,
    levels: valuesOf(at(whole)?.[key]),
    points: rows.flatMap((row) => {
      const value = at(row)?.[key];
      return value === undefined
        ? []
        : [{ method: row.method, picks: row.picks, value: factor * value }];
    }),
  }));
  if (points.length === 0) return [];
  const all = points.flatMap((one) => [...one.levels, ...one.points.map(({ value }) => value)]);
  const domain = type === 'log' ? logDomain(all) : extent(all);
  return points.map(({ name, levels, points: shown }) => {
    const [trained, pruned] = [true, false].map((scratch) =>
      shown.filter(({ method }) => (method === 'scratch') === scratch),
    );
    return finishedDrawing(
      Plot.plot({
        ...paper.plot(0.8),
        x: { type: 'log', label: 'neurons picked', ticks: 4, tickFormat: compact },
        y: { type, domain: [...domain], label, ticks: 4, tickFormat: compact, grid: true },
        color: { type: 'identity' },
        marks: [
          Plot.ruleY(levels, { stroke: COLORS.dense, strokeDasharray: DASHES.dashes }),
          Plot.lineY(pruned, {
            x: 'picks',
            y: 'value',
            z: 'method',
            stroke: ({ method }: { method: Contender }) => INK[method],
            strokeWidth: ({ method }: { method: Contender }) => (method === 'greedy' ? 3 : 1.8),
            marker: 'circle',
          }),
          Plot.dot(trained, { x: 'picks', y: 'value', fill: INK.scratch, r: 3.5 }),
          Plot.text([name], { frameAnchor: 'top-right', fontWeight: 'bold', dy: -18 }),
        ],
      }),
    );
  });
}

/** The legend of all plots. */
export function comparisonLegend(paper: Paper, summary: CompareSummary): Drawing {
  const methods = [...new Set(summary.rows.map(({ method }) => method))];
  return finishedDrawing(
    paper.legend([
      ...methods.map((method) => ({
        mark: method === 'scratch' ? ('dot' as const) : ('line' as const),
        text: NAMES[method],
        color: INK[method],
      })),
      { mark: 'dashes', text: 'the dense network', color: COLORS.dense },
      ...(summary.guarantee
        ? [{ mark: 'dots' as const, text: 'guaranteed for greedy, average', color: COLORS.muted }]
        : []),
    ]),
  );
}

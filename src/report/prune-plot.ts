import * as Plot from '@observablehq/plot';
import type { UnitCurve, UnitOutcome } from '../experiment/model/prune/events.js';
import { COLORS, type Drawing, finishedDrawing, logDomain, type Paper } from './drawing.js';
import { compact } from './words.js';

const ROW = 24;
/** Room for what stands behind a bar, and for each number below. */
const BEHIND = 84;
const TICK = 36;
/** The largest divergence over the least that is drawn: below that it is rounding, or none. */
const SPAN = 1e5;

/** A bar a unit: the channels that stay, within all of its channels. */
export function keptOfUnits(paper: Paper, units: readonly UnitOutcome[]): Drawing {
  const rows = units.map(({ unit, channels, kept }) => ({ unit, channels, kept: kept.length }));
  const names = rows.map(({ unit }) => unit);
  const most = Math.max(...rows.map(({ channels }) => channels));
  // Some 6.6 units a letter at 12 pixels.
  const margin = 12 + 6.6 * Math.max(...names.map((name) => name.length));
  return finishedDrawing(
    Plot.plot({
      ...paper.plot(0),
      height: ROW * rows.length + 50,
      marginLeft: margin,
      marginRight: BEHIND,
      marginTop: 8,
      x: {
        label: 'channels',
        domain: [0, most],
        ticks: Math.min(5, (paper.width - margin - BEHIND) / TICK),
      },
      y: { label: null, domain: names, tickSize: 0, padding: 0.3 },
      marks: [
        Plot.barX(rows, { x: 'channels', y: 'unit', fill: COLORS.muted, fillOpacity: 0.25 }),
        Plot.barX(rows, { x: 'kept', y: 'unit', fill: COLORS.subnetwork }),
        Plot.text(rows, {
          x: 'channels',
          y: 'unit',
          text: ({ kept, channels }: (typeof rows)[number]) => `${kept} of ${channels}`,
          textAnchor: 'start',
          dx: 6,
        }),
      ],
    }),
  );
}

/**
 * How far the answers move when one unit alone is cut, by the channels that it keeps: a drawing a
 * unit, all of one scale, the number that was chosen marked.
 */
export function divergenceCurves(
  paper: Paper,
  curves: readonly UnitCurve[],
  units: readonly UnitOutcome[],
): readonly Drawing[] {
  const [least, high] = logDomain(curves.flatMap(({ divergence }) => divergence));
  const low = Math.max(least, high / SPAN);
  return curves.map(({ unit, channels, kept, divergence }) => {
    const points = kept.map((count, at) => ({
      count,
      divergence: Math.max(low, divergence[at] as number),
    }));
    const chosen = units.find((own) => own.unit === unit)?.kept.length ?? channels;
    return finishedDrawing(
      Plot.plot({
        ...paper.plot(0.72),
        // The axis's name, the unit's below it, and the number that stays.
        marginTop: 56,
        x: { label: 'channels kept', domain: [0, channels], ticks: 5 },
        y: {
          type: 'log',
          domain: [low, high],
          label: 'divergence, nats',
          ticks: 4,
          tickFormat: compact,
          grid: true,
        },
        marks: [
          Plot.ruleX([chosen], { stroke: COLORS.dense, strokeWidth: 2 }),
          Plot.text([chosen], {
            x: (count: number) => count,
            frameAnchor: 'top',
            text: (count: number) => String(count),
            dy: -14,
            fill: COLORS.dense,
            fontWeight: 'bold',
          }),
          Plot.line(points, {
            x: 'count',
            y: 'divergence',
            stroke: COLORS.subnetwork,
            strokeWidth: 2,
          }),
          Plot.dot(points, { x: 'count', y: 'divergence', r: 3, fill: COLORS.subnetwork }),
          Plot.text([unit], { frameAnchor: 'top-right', fontWeight: 'bold', dy: -31 }),
        ],
      }),
    );
  });
}

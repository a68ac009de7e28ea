import type * as Plot from '@observablehq/plot';
import type { Paper } from '../src/report/drawing.js';
import { compact, figure } from '../src/report/words.js';
import type { Box, Point, Segment } from './labels.js';
import type { AdapterLimits } from './limits.js';
import type { BenchResult, MeasuredResult } from './report.js';

/** A result by its number in the table, where it has a place in the figure. */
export interface RooflinePoint {
  readonly number: number;
  readonly result: MeasuredResult;
  /** Operations for each byte that must move. */
  readonly intensity: number;
}

/** Pixels of a character of the labels, whatever font there is, and of their lines. */
export const LABEL = { size: 11, character: 6.2, line: 13 } as const;

/** Empty space beyond the outermost points, as a factor. */
const SPACE = 2;

/** The results that do arithmetic; what only moves data has no intensity. */
export function rooflinePoints(results: readonly BenchResult[]): readonly RooflinePoint[] {
  return results.flatMap((result, at) =>
    result.verified && result.gflops > 0
      ? [{ number: at + 1, result, intensity: result.gflops / result.gbps }]
      : [],
  );
}

/** A logarithmic axis, both ways. */
interface Axis {
  readonly domain: readonly [number, number];
  pixel(value: number): number;
  value(pixel: number): number;
}

function axis(domain: readonly [number, number], [from, to]: readonly [number, number]): Axis {
  const decades = Math.log(domain[1] / domain[0]);
  return {
    domain,
    pixel: (value) => from + ((to - from) * Math.log(value / domain[0])) / decades,
    value: (pixel) => domain[0] * Math.exp((decades * (pixel - from)) / (to - from)),
  };
}

/** Where the plot draws, so that text can be placed in it before it is drawn. */
export interface Area {
  readonly options: Plot.PlotOptions;
  readonly frame: Box;
  readonly x: Axis;
  readonly y: Axis;
}

export function areaPixels({ x, y }: Area, [intensity, rate]: readonly [number, number]): Point {
  return { x: x.pixel(intensity), y: y.pixel(rate) };
}

export function rooflineArea(
  paper: Paper,
  limits: AdapterLimits,
  points: readonly RooflinePoint[],
): Area {
  const base = paper.plot(paper.width < 500 ? 1.15 : 0.62);
  const { width = 0, height = 0 } = base;
  const { marginLeft = 0, marginRight = 0, marginTop = 0, marginBottom = 0 } = base;
  const ridge = limits.fmaGflops / limits.copyGBps;
  const intensities = [ridge, ...points.map(({ intensity }) => intensity)];
  const left = Math.min(...intensities) / SPACE;
  const x = axis(
    [left, Math.max(...intensities) * SPACE * SPACE],
    [marginLeft, width - marginRight],
  );
  const rates = [
    limits.fmaGflops,
    limits.copyGBps * left,
    ...points.map(({ result }) => result.gflops),
  ];
  const y = axis(
    [Math.min(...rates) / SPACE, Math.max(...rates) * SPACE],
    [height - marginBottom, marginTop],
  );
  const frame: Box = {
    x: marginLeft,
    y: marginTop,
    width: width - marginLeft - marginRight,
    height: height - marginTop - marginBottom,
  };
  const common = { type: 'log', tickFormat: compact, ticks: paper.width < 500 ? 4 : 6 } as const;
  const options: Plot.PlotOptions = {
    ...base,
    x: { ...common, domain: [...x.domain], label: 'operations for each byte that must move' },
    y: { ...common, domain: [...y.domain], label: 'GFLOP/s', grid: true },
  };
  return { options, frame, x, y };
}

export function roofs({ copyGBps, fmaGflops }: AdapterLimits, [left, right]: Axis['domain']) {
  const ridge = [fmaGflops / copyGBps, fmaGflops] as const;
  return [
    { from: [left, copyGBps * left] as const, to: ridge },
    { from: ridge, to: [right, fmaGflops] as const },
  ];
}

/** The limits written along their roofs, with the boxes that they take. */
export function roofNames({ copyGBps, fmaGflops }: AdapterLimits, lines: readonly Segment[]) {
  const [slope, flat] = lines as readonly [Segment, Segment];
  const [low, high] = slope;
  const angle = Math.atan2(high.y - low.y, high.x - low.x);
  const gap = 6;
  const copy = `copy ${figure(copyGBps)} GB/s`;
  const fma = `multiply-add ${figure(fmaGflops)} GFLOP/s`;
  const middle = { x: (low.x + high.x) / 2, y: (low.y + high.y) / 2 };
  const along = Array.from({ length: copy.length }, (_, i) => {
    const step = (i - copy.length / 2) * LABEL.character;
    return {
      x: middle.x + Math.cos(angle) * step + Math.sin(angle) * LABEL.line - LABEL.line / 2,
      y: middle.y + Math.sin(angle) * step - Math.cos(angle) * LABEL.line - LABEL.line / 2,
      width: LABEL.line,
      height: LABEL.line,
    };
  });
  const [, end] = flat;
  const width = fma.length * LABEL.character;
  return [
    {
      text: copy,
      point: {
        x: middle.x + gap * Math.sin(angle),
        y: middle.y - gap * Math.cos(angle),
      },
      angle: (180 * angle) / Math.PI,
      anchor: 'middle' as const,
      boxes: along,
    },
    {
      text: fma,
      point: { x: end.x, y: end.y - gap },
      angle: 0,
      anchor: 'end' as const,
      boxes: [{ x: end.x - width, y: end.y - gap - LABEL.line, width, height: LABEL.line }],
    },
  ];
}

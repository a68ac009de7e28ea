import * as Plot from '@observablehq/plot';
import {
  type Drawing,
  finishedDrawing,
  type LegendEntry,
  type Paper,
  SYMBOLS,
  stacked,
} from '../src/report/drawing.js';
import { compact, figure } from '../src/report/words.js';
import { shapeLabel } from './benchmark.js';
import { type Box, type Point, placeLabels, type Segment } from './labels.js';
import type { AdapterLimits } from './limits.js';
import type { BenchReport, BenchResult, MeasuredResult } from './report.js';

type Subject = MeasuredResult['subject'];

const INK: Readonly<Record<Subject, string>> = {
  espalier: 'var(--subnetwork)',
  'jax-js': 'var(--dense)',
  tfjs: 'var(--theory)',
};
const MARKS = {
  espalier: 'dot',
  'jax-js': 'triangle',
  tfjs: 'square',
} as const satisfies Record<Subject, keyof typeof SYMBOLS>;

/** A result by its number in the table, where it has a place in the figure. */
export interface RooflinePoint {
  readonly number: number;
  readonly result: MeasuredResult;
  /** Operations for each byte that must move. */
  readonly intensity: number;
}

/** Pixels of a character of the labels, whatever font there is, and of their lines. */
const LABEL = { size: 11, character: 6.2, line: 13 } as const;

/** Empty space beyond the outermost points, as a factor. */
const SPACE = 2;

/** The results that do arithmetic; what only moves data has no intensity. */
export function pointsOf(results: readonly BenchResult[]): readonly RooflinePoint[] {
  return results.flatMap((result, at) =>
    result.verified && result.gflops > 0
      ? [{ number: at + 1, result, intensity: result.gflops / result.gbps }]
      : [],
  );
}

/**
 * The roofline model (Williams, Waterman and Patterson, 2009): operations a second against
 * arithmetic intensity, below min(multiply-add rate, copy bandwidth · intensity). Points are
 * labelled by name where all names fit, otherwise by their number in the table.
 */
export function roofline(paper: Paper, { limits, results }: BenchReport): Drawing {
  const points = pointsOf(results);
  const area = areaOf(paper, limits, points);
  const { x, y } = area;
  const roofs = roofsOf(limits, x.domain);
  const roofLines = roofs.map(
    ({ from, to }): Segment => [pixelsOf(area, from), pixelsOf(area, to)],
  );
  const names = roofNames(limits, roofLines);
  const labels = labelsOf(
    points,
    area,
    roofLines,
    names.flatMap(({ boxes }) => boxes),
  );
  const plot = Plot.plot({
    ...area.options,
    marks: [
      ...roofs.map(({ from, to }) =>
        Plot.line([from, to], { stroke: 'var(--text)', strokeWidth: 2 }),
      ),
      ...names.map(({ text, point, angle, anchor }) =>
        Plot.text([text], {
          x: x.value(point.x),
          y: y.value(point.y),
          rotate: angle,
          textAnchor: anchor,
          lineAnchor: 'bottom',
          fontSize: LABEL.size,
          fill: 'var(--muted)',
        }),
      ),
      Plot.link(
        labels.flatMap(({ leader }) => (leader ? [leader] : [])),
        {
          x1: ([from]) => from?.[0],
          y1: ([from]) => from?.[1],
          x2: ([, to]) => to?.[0],
          y2: ([, to]) => to?.[1],
          stroke: 'var(--muted)',
          strokeDasharray: '2,2',
        },
      ),
      Plot.ruleX(points, {
        x: 'intensity',
        y1: ({ result }: RooflinePoint) => rangeOf(result)[0],
        y2: ({ result }: RooflinePoint) => rangeOf(result)[1],
        stroke: ({ result }: RooflinePoint) => INK[result.subject],
      }),
      Plot.dot(points, {
        x: 'intensity',
        y: ({ result }: RooflinePoint) => result.gflops,
        r: 3.5,
        symbol: ({ result }: RooflinePoint) => SYMBOLS[MARKS[result.subject]],
        fill: ({ result }: RooflinePoint) => INK[result.subject],
        title: titleOf,
      }),
      Plot.text(labels, {
        x: 'x',
        y: 'y',
        text: 'text',
        textAnchor: 'start',
        fontSize: LABEL.size,
      }),
    ],
  });
  const subjects = [...new Set(points.map(({ result }) => result.subject))];
  const legend = subjects.map(
    (subject): LegendEntry => ({ mark: MARKS[subject], text: subject, color: INK[subject] }),
  );
  const parts = subjects.length > 1 ? [finishedDrawing(paper.legend(legend))] : [];
  return stacked(paper, [finishedDrawing(plot), ...parts]);
}

interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  /** From the point to the text, where they are apart. */
  readonly leader: readonly (readonly [number, number])[] | undefined;
}

/** The points' names, or their numbers where not all names find a place, in the axes' units. */
function labelsOf(
  points: readonly RooflinePoint[],
  area: Area,
  roofLines: readonly Segment[],
  boxes: readonly Box[],
): readonly Label[] {
  const { x, y, frame } = area;
  const place = (texts: readonly string[], lines: readonly Segment[]) => {
    const tags = points.map(({ intensity, result }, i) => ({
      ...pixelsOf(area, [intensity, result.gflops]),
      width: (texts[i] ?? '').length * LABEL.character,
      height: LABEL.line,
    }));
    return placeLabels(tags, { frame, boxes, lines });
  };
  const bars = points.map(({ intensity, result }): Segment => {
    const [low, high] = rangeOf(result);
    return [pixelsOf(area, [intensity, low]), pixelsOf(area, [intensity, high])];
  });
  const names = namesOf(points.map(({ result }) => result));
  const named = place(names, [...roofLines, ...bars]);
  const numbers = points.map(({ number }) => String(number));
  // Where there are so many, numbers may lie on the intervals' bars.
  const [texts, places] = named.includes(undefined)
    ? [numbers, place(numbers, roofLines)]
    : [names, named];
  return places.flatMap((placed, i) => {
    if (!placed) return [];
    const { box, leader } = placed;
    const [left, middle] = [x.value(box.x), y.value(box.y + box.height / 2)];
    const ends = leader?.map((end) => [x.value(end.x), y.value(end.y)] as const);
    return [{ text: texts[i] ?? '', x: left, y: middle, leader: ends }];
  });
}

/** Ends of the median's interval, as rates. */
function rangeOf({ gflops, medianMs, lowMs, highMs }: MeasuredResult): readonly [number, number] {
  return [(gflops * medianMs) / highMs, (gflops * medianMs) / lowMs];
}

/** Work, with shape and variant where its subject has several of them; colour tells the subject. */
function namesOf(results: readonly MeasuredResult[]): readonly string[] {
  const several = ({ work, subject }: MeasuredResult, of: (result: MeasuredResult) => string) =>
    new Set(results.filter((other) => other.work === work && other.subject === subject).map(of))
      .size > 1;
  return results.map((result) => {
    const { work, shape, variant } = result;
    return [
      work,
      ...(several(result, (other) => shapeLabel(other.shape)) ? [shapeLabel(shape)] : []),
      ...(several(result, (other) => other.variant) ? [variant] : []),
    ].join(' ');
  });
}

function titleOf({ number, result, intensity }: RooflinePoint): string {
  const { work, shape, variant, subject, gflops, shareOfLimit } = result;
  return `${number}: ${work} ${shapeLabel(shape)}, ${variant}, ${subject}
${figure(gflops)} GFLOP/s at ${figure(intensity)} operations a byte
${figure(100 * shareOfLimit)} % of the limit`;
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
interface Area {
  readonly options: Plot.PlotOptions;
  readonly frame: Box;
  readonly x: Axis;
  readonly y: Axis;
}

function pixelsOf({ x, y }: Area, [intensity, rate]: readonly [number, number]): Point {
  return { x: x.pixel(intensity), y: y.pixel(rate) };
}

function areaOf(paper: Paper, limits: AdapterLimits, points: readonly RooflinePoint[]): Area {
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

function roofsOf({ copyGBps, fmaGflops }: AdapterLimits, [left, right]: Axis['domain']) {
  const ridge = [fmaGflops / copyGBps, fmaGflops] as const;
  return [
    { from: [left, copyGBps * left] as const, to: ridge },
    { from: ridge, to: [right, fmaGflops] as const },
  ];
}

/** The limits written along their roofs, with the boxes that they take. */
function roofNames({ copyGBps, fmaGflops }: AdapterLimits, lines: readonly Segment[]) {
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

import * as Plot from '@observablehq/plot';
import {
  type Drawing,
  finishedDrawing,
  type LegendEntry,
  type Paper,
  SYMBOLS,
  stacked,
} from '../src/report/drawing.js';
import { figure } from '../src/report/words.js';
import { shapeLabel } from './benchmark.js';
import { type Box, placeLabels, type Segment } from './labels.js';
import type { BenchReport, MeasuredResult } from './report.js';
import {
  type Area,
  areaPixels,
  LABEL,
  type RooflinePoint,
  rooflineArea,
  rooflinePoints,
  roofNames,
  roofs,
} from './roofline-area.js';

type Subject = MeasuredResult['subject'];

const INK: Readonly<Record<Subject, string>> = {
  espalier: 'var(--subnetwork)',
  'jax-js': 'var(--dense)',
  tfjs: 'var(--theory)',
  onnxruntime: 'var(--muted)',
};
const MARKS = {
  espalier: 'dot',
  'jax-js': 'triangle',
  tfjs: 'square',
  onnxruntime: 'diamond',
} as const satisfies Record<Subject, keyof typeof SYMBOLS>;

/**
 * The roofline model (Williams, Waterman and Patterson, 2009): operations a second against
 * arithmetic intensity, below min(multiply-add rate, copy bandwidth · intensity). Points are
 * labelled by name where all names fit, otherwise by their number in the table.
 */
export function roofline(paper: Paper, { limits, results }: BenchReport): Drawing {
  const points = rooflinePoints(results);
  const area = rooflineArea(paper, limits, points);
  const { x, y } = area;
  const edges = roofs(limits, x.domain);
  const roofLines = edges.map(
    ({ from, to }): Segment => [areaPixels(area, from), areaPixels(area, to)],
  );
  const names = roofNames(limits, roofLines);
  const labels = pointLabels(
    points,
    area,
    roofLines,
    names.flatMap(({ boxes }) => boxes),
  );
  const plot = Plot.plot({
    ...area.options,
    marks: [
      ...edges.map(({ from, to }) =>
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
        y1: ({ result }: RooflinePoint) => gflopsRange(result)[0],
        y2: ({ result }: RooflinePoint) => gflopsRange(result)[1],
        stroke: ({ result }: RooflinePoint) => INK[result.subject],
      }),
      Plot.dot(points, {
        x: 'intensity',
        y: ({ result }: RooflinePoint) => result.gflops,
        r: 3.5,
        symbol: ({ result }: RooflinePoint) => SYMBOLS[MARKS[result.subject]],
        fill: ({ result }: RooflinePoint) => INK[result.subject],
        title: pointTitle,
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
function pointLabels(
  points: readonly RooflinePoint[],
  area: Area,
  roofLines: readonly Segment[],
  boxes: readonly Box[],
): readonly Label[] {
  const { x, y, frame } = area;
  const place = (texts: readonly string[], lines: readonly Segment[]) => {
    const tags = points.map(({ intensity, result }, i) => ({
      ...areaPixels(area, [intensity, result.gflops]),
      width: (texts[i] ?? '').length * LABEL.character,
      height: LABEL.line,
    }));
    return placeLabels(tags, { frame, boxes, lines });
  };
  const bars = points.map(({ intensity, result }): Segment => {
    const [low, high] = gflopsRange(result);
    return [areaPixels(area, [intensity, low]), areaPixels(area, [intensity, high])];
  });
  const names = pointNames(points.map(({ result }) => result));
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
function gflopsRange({
  gflops,
  medianMs,
  lowMs,
  highMs,
}: MeasuredResult): readonly [number, number] {
  return [(gflops * medianMs) / highMs, (gflops * medianMs) / lowMs];
}

/** Work, with shape and variant where its subject has several of them; colour tells the subject. */
function pointNames(results: readonly MeasuredResult[]): readonly string[] {
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

function pointTitle({ number, result, intensity }: RooflinePoint): string {
  const { work, shape, variant, subject, gflops, shareOfLimit } = result;
  return `${number}: ${work} ${shapeLabel(shape)}, ${variant}, ${subject}
${figure(gflops)} GFLOP/s at ${figure(intensity)} operations a byte
${figure(100 * shareOfLimit)} % of the limit`;
}

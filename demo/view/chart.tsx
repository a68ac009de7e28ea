import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Curve {
  readonly label: string;
  /** Name of a custom property of the style sheet. */
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points?: boolean;
  readonly thin?: boolean;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  /** What the chart shows, for screen readers. */
  readonly summary: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly curves: readonly Curve[];
  readonly height: number;
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  /** Whether it shows shares of right answers; otherwise it shows errors. */
  readonly percent?: boolean;
  /** The place on the x axis that gets a vertical line. */
  readonly mark?: number | undefined;
  /** The place on the y axis that gets a dot on that line. */
  readonly spot?: number | undefined;
  /** Gets the place on the x axis that is pressed or dragged to. */
  readonly onDrag?: (x: number) => void;
  readonly logarithmic?: boolean;
  /** Leaves out the legend, where the page names the curves elsewhere. */
  readonly unnamed?: boolean;
  /** The label of the curve to highlight. */
  readonly lit?: string | undefined;
  /** Gets the label of the curve under the pointer. */
  readonly onPoint?: (label: string | undefined) => void;
}

/** The distance from the pointer within which a curve counts as under it, in pixels. */
const REACH = 24;
/** Distances between labels of the x axis: whole, since steps and neurons are. */
const WHOLE = [1, 10, 100, 1000, 10_000].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
/** Opacity of the other curves while one is highlighted. */
const DIMMED = 0.2;

const FONT = '12px system-ui, sans-serif';

/** A line chart. It is made anew only when the number or the looks of its curves change. */
export function Chart(props: ChartProps) {
  const { summary, height, x, curves, xLabel } = props;
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const newest = useRef(props);
  newest.current = props;
  const looks = JSON.stringify([curves.map(({ values: _, ...look }) => look), xLabel, height]);

  useEffect(() => {
    const parent = place.current;
    if (!parent) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        plotOptions(newest, parent.clientWidth || 200),
        alignedData(newest.current),
        parent,
      );
    };
    make();
    const resized = new ResizeObserver(() => {
      const { clientWidth: width } = parent;
      if (width > 0 && plot.current && plot.current.width !== width) {
        plot.current.setSize({ width, height });
      }
    });
    resized.observe(parent);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', make);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [looks]);

  useEffect(() => {
    plot.current?.setData(alignedData({ x, curves }));
    light(plot.current, props.lit);
  });

  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={summary} />
      {!props.unnamed && (
        <figcaption>
          {curves.map(({ label, colour, dashed, thin }) => (
            <span key={label} class="key">
              <i
                class={dashed ? 'dashed' : thin ? 'thin' : ''}
                style={{ borderColor: `var(${colour})` }}
              />
              {label}
            </span>
          ))}
        </figcaption>
      )}
    </figure>
  );
}

/** Highlights the curve of this label, or none. */
function light(plot: uPlot | undefined, label: string | undefined): void {
  if (!plot) return;
  const at = label === undefined ? -1 : plot.series.findIndex((series) => series.label === label);
  plot.setSeries(at > 0 ? at : (null as never), { focus: true }, false);
}

function alignedData({ x, curves }: Pick<ChartProps, 'x' | 'curves'>): uPlot.AlignedData {
  return [[...x], ...curves.map(({ values }) => values.map(plottable))];
}

/** uPlot looks for round numbers for its labels up to 1e32, and past that without an end. */
const MOST_PLOTTED = 1e15;

/** A value that an axis can be drawn around; nothing in place of others. */
function plottable(value: number | null): number | null {
  return value !== null && Math.abs(value) < MOST_PLOTTED ? value : null;
}

function plotOptions(newest: { readonly current: ChartProps }, width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colourNamed = (name: string) => style.getPropertyValue(name).trim();
  const { curves, xLabel, height, percent, logarithmic, onPoint, onDrag } = newest.current;
  const axis: uPlot.Axis = {
    stroke: colourNamed('--muted'),
    grid: { stroke: colourNamed('--line'), width: 1 },
    ticks: { show: false },
    font: FONT,
    labelFont: FONT,
  };
  return {
    width,
    height,
    legend: { show: false },
    cursor: onPoint
      ? {
          x: false,
          y: false,
          points: { show: false },
          drag: { setScale: false },
          focus: { prox: REACH },
        }
      : { show: false },
    focus: { alpha: DIMMED },
    scales: {
      x: { time: false, range: (_, least, most) => spread(newest.current.xRange, least, most) },
      y: logarithmic
        ? { distr: 3, range: (_, least, most) => decades(least ?? 0.1, most ?? 1) }
        : { range: (_, least, most) => spread(newest.current.yRange, least, most) },
    },
    axes: [
      { ...axis, label: xLabel, labelSize: 18, size: 24, space: 40, labelGap: 0, incrs: WHOLE },
      {
        ...axis,
        label: percent ? 'new digits right' : 'error',
        labelSize: 16,
        labelGap: 0,
        size: 44,
        space: 28,
        ...(percent && {
          values: (_: uPlot, splits: number[]) => splits.map((v) => `${Math.round(100 * v)} %`),
        }),
      },
    ],
    series: [
      {},
      ...curves.map(
        ({ colour, dashed, points, thin, label }): uPlot.Series => ({
          label,
          stroke: colourNamed(colour),
          width: thin ? 1 : 2.25,
          ...(dashed && { dash: [5, 4] }),
          spanGaps: true,
          points: { show: points === true, size: 6, fill: colourNamed(colour) },
        }),
      ),
    ],
    hooks: {
      draw: [(plot) => drawMark(plot, newest.current, colourNamed)],
      ...(onDrag && {
        ready: [
          (plot: uPlot) => {
            plot.over.classList.add('draggable');
            const drag = ({ offsetX, pointerId }: PointerEvent) => {
              if (!plot.over.hasPointerCapture(pointerId)) return;
              newest.current.onDrag?.(plot.posToVal(offsetX, 'x'));
            };
            plot.over.addEventListener('pointerdown', (event) => {
              plot.over.setPointerCapture(event.pointerId);
              drag(event);
            });
            plot.over.addEventListener('pointermove', drag);
          },
        ],
      }),
      ...(onPoint && {
        setSeries: [
          (plot: uPlot, at: number | null) => {
            const label = at === null ? undefined : plot.series[at]?.label;
            newest.current.onPoint?.(typeof label === 'string' ? label : undefined);
          },
        ],
      }),
    },
  };
}

/** The given range, or one around the data. It is never empty, as an empty axis cannot be drawn. */
function spread(
  range: readonly [number, number] | undefined,
  least: number | null,
  most: number | null,
): [number, number] {
  if (range) return [range[0], range[1]];
  if (least === null || most === null) return [0, 1];
  const room = (most - least) * 0.06 || 0.1;
  return [Math.max(0, least - room), most + room];
}

/** The range widened to 1, 2 or 5 times a power of ten at both ends: there the labels are. */
function decades(least: number, most: number): [number, number] {
  const round = (value: number, side: 'floor' | 'ceil') => {
    const power = 10 ** Math.floor(Math.log10(value));
    const steps = [1, 2, 5, 10].map((step) => step * power);
    return side === 'floor'
      ? (steps.findLast((step) => step <= value) ?? value)
      : (steps.find((step) => step >= value) ?? value);
  };
  return [round(least, 'floor'), round(most, 'ceil')];
}

function drawMark(
  plot: uPlot,
  { mark, spot }: ChartProps,
  colourNamed: (name: string) => string,
): void {
  if (mark === undefined) return;
  const x = Math.round(plot.valToPos(mark, 'x', true));
  const { top, height } = plot.bbox;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = colourNamed('--muted');
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  if (spot !== undefined) {
    ctx.setLineDash([]);
    ctx.fillStyle = colourNamed('--text');
    ctx.strokeStyle = colourNamed('--card');
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.arc(x, plot.valToPos(spot, 'y', true), 6 * devicePixelRatio, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
  ctx.restore();
}

import { useId } from 'preact/hooks';
import { type Cell, type Finding, type StudyConfig, studyCheckpoints } from '../../src/index.js';
import { tileBorders } from '../../src/report/borders.js';
import { piecesOfLine, thresholdLine } from '../../src/report/threshold-line.js';
import { meanThresholds } from '../../src/study/analysis.js';
import { grouped, plural } from '../../src/text.js';
import { mapTiles, namedCheckpoints, placeInRange, type Range, valueRange } from './map.js';
import type { Measure } from './measures.js';
import type { Progress } from './state.js';
import { useWidth } from './width.js';

const MARGIN = { left: 50, right: 10, top: 8, bottom: 44 } as const;
const STEPS = 24;

interface HeatMapProps {
  readonly config: StudyConfig;
  readonly cells: readonly Cell[];
  readonly finding: Finding | undefined;
  readonly progress: Progress | undefined;
  readonly measure: Measure;
  /** What counts as enough. */
  readonly enough: string;
}

/** How good the subnetwork is by iterations and dataset size, with the thresholds over it. */
export function HeatMap(props: HeatMapProps) {
  const { config, cells, finding, progress, measure, enough } = props;
  const { ref, width } = useWidth<HTMLDivElement>();
  const tiles = mapTiles(config, cells, measure);
  const range = valueRange(tiles, measure);
  const done = tiles.filter(({ trials }) => trials > 0).length;
  const means = finding ? meanThresholds(finding) : [];
  const summary = `Heat map of the subnetwork, ${measure.name.toLowerCase()}: ${plural(config.sizes.length, 'dataset size')} by ${studyCheckpoints(config).length} checkpoints, ${done} of ${tiles.length} tiles filled.${means.map(([examples, t]) => ` With ${grouped(examples)} examples it was enough after ${grouped(Math.round(t))} steps.`).join('')}`;
  const height = Math.round(Math.max(280, Math.min(480, width * 0.72)));
  return (
    <figure class="heat">
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={summary}>
            <Tiles {...{ config, tiles, range, means, progress, measure, width, height }} />
          </svg>
        )}
      </div>
      <figcaption>
        {range && <Ramp range={range} measure={measure} />}
        {finding && means.length > 0 && (
          <span class="key">
            <i class="threshold" />
            enough: {enough}, mean over trials
          </span>
        )}
      </figcaption>
    </figure>
  );
}

interface TilesProps extends Pick<HeatMapProps, 'config' | 'progress' | 'measure'> {
  readonly tiles: ReturnType<typeof mapTiles>;
  readonly range: Range | undefined;
  readonly means: ReturnType<typeof meanThresholds>;
  readonly width: number;
  readonly height: number;
}

function Tiles(props: TilesProps) {
  const { config, tiles, range, means, progress, measure, width, height } = props;
  const checkpoints = studyCheckpoints(config);
  const borders = tileBorders(checkpoints);
  const [first = 0] = borders;
  const last = borders.at(-1) ?? 1;
  const across = (width - MARGIN.left - MARGIN.right) / config.sizes.length;
  const inner = height - MARGIN.top - MARGIN.bottom;
  const x = (examples: number) => MARGIN.left + config.sizes.indexOf(examples) * across;
  const y = (iteration: number) => MARGIN.top + inner * ((last - iteration) / (last - first));
  const next = progress && checkpoints.find((at) => at >= progress.iteration);
  const box = (examples: number, iteration: number) => {
    const row = checkpoints.indexOf(iteration);
    const top = y(borders[row + 1] ?? last);
    return { x: x(examples), y: top, width: across, height: y(borders[row] ?? first) - top };
  };
  const pieces = piecesOfLine(thresholdLine(config.sizes, means)).map((piece) =>
    piece.map(({ size, height: t }) => `${x(size) + across / 2},${y(t)}`).join(' '),
  );
  return (
    <>
      {tiles.map(({ examples, iteration, value, trials }) => (
        <rect
          key={`${examples}/${iteration}`}
          class={value === undefined ? 'blank' : 'tile'}
          {...box(examples, iteration)}
          {...(value !== undefined &&
            range && { fill: colourAt(placeInRange(value, range, measure)) })}
        >
          {value !== undefined && (
            <title>
              {`${grouped(examples)} examples, step ${grouped(iteration)}: ${measure.show(value)} ${measure.unit}, ${plural(trials, 'trial')}`}
            </title>
          )}
        </rect>
      ))}
      {progress && next !== undefined && (
        <rect class="next" {...box(progress.trial.examples, next)} />
      )}
      {(['casing', 'threshold'] as const).map((name) =>
        pieces.map((points) => <polyline key={`${name} ${points}`} class={name} points={points} />),
      )}
      {means.map(([examples, t]) => (
        <circle key={examples} class="threshold" cx={x(examples) + across / 2} cy={y(t)} r={4.5} />
      ))}
      {config.sizes.map((examples) => (
        <text key={examples} x={x(examples) + across / 2} y={height - 26} text-anchor="middle">
          {grouped(examples)}
        </text>
      ))}
      <text
        class="axis"
        x={MARGIN.left + (width - MARGIN.left) / 2}
        y={height - 6}
        text-anchor="middle"
      >
        training examples
      </text>
      {namedCheckpoints(config).map((iteration) => (
        <text key={iteration} x={MARGIN.left - 6} y={y(iteration) + 4} text-anchor="end">
          {grouped(iteration)}
        </text>
      ))}
      <text
        class="axis"
        transform={`translate(11 ${MARGIN.top + inner / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        steps of training
      </text>
    </>
  );
}

interface RampProps {
  readonly range: Range;
  readonly measure: Measure;
}

/** The scale from colours to values. */
function Ramp({ range: [worst, best], measure: { show, unit } }: RampProps) {
  const id = useId();
  return (
    <span class="ramp">
      {unit} {show(worst)}
      <svg width="120" height="12" aria-hidden="true">
        <linearGradient id={id}>
          {Array.from({ length: STEPS + 1 }, (_, step) => (
            <stop key={step} offset={step / STEPS} stop-color={colourAt(step / STEPS)} />
          ))}
        </linearGradient>
        <rect width="120" height="12" rx="3" fill={`url(#${id})`} />
      </svg>
      {show(best)} (good)
    </span>
  );
}

/** From dark to light in even steps of lightness, so that it can be read without seeing colours. */
const STOPS = [
  [38, 22, 74],
  [52, 75, 128],
  [44, 123, 135],
  [60, 168, 118],
  [150, 205, 88],
  [248, 230, 90],
] as const;

/** The colour at a place on the ramp, from 0 to 1. */
function colourAt(place: number): string {
  const at = Math.min(1, Math.max(0, place)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const [from, to] = [STOPS[below], STOPS[below + 1]] as [Stop, Stop];
  const mixed = from.map((part, i) => Math.round(part + (at - below) * ((to[i] ?? part) - part)));
  return `rgb(${mixed.join(' ')})`;
}

type Stop = readonly [number, number, number];

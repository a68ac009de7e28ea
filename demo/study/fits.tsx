import type { Finding, StudyConfig } from '../../src/index.js';
import {
  capital,
  curveName,
  estimateText,
  figure,
  fitText,
  formulaText,
  tooFewPoints,
} from '../../src/report/words.js';
import { bestFit } from '../../src/study/analysis.js';
import { grouped } from '../../src/text.js';
import { namedCheckpoints } from './map.js';
import { useWidth } from './width.js';

const MARGIN = { left: 50, right: 14, top: 10, bottom: 44 } as const;
const STEPS = 40;

interface FitsProps {
  readonly config: StudyConfig;
  readonly finding: Finding | undefined;
}

/** A drawing of the thresholds against dataset size, with the fitted curves. */
export function Fits({ config, finding }: FitsProps) {
  if (!finding) {
    return (
      <p class="note">Curves appear when trials are finished: the first one fills its column.</p>
    );
  }
  const text = fitText(finding);
  const few = tooFewPoints(finding) !== undefined;
  const about = <p class={few ? 'about caution' : 'about'}>{capital(text)}</p>;
  return (
    <>
      {few && about}
      <Curves config={config} finding={finding} summary={text} />
      {bestFit(finding) && <FitTable finding={finding} />}
      {!few && about}
    </>
  );
}

function FitTable({ finding }: { readonly finding: Finding }) {
  return (
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">Curve t(m)</th>
          <th scope="col">Fitted</th>
          <th scope="col">AICc</th>
          <th scope="col">Weight</th>
        </tr>
      </thead>
      <tbody>
        {finding.fits.map((fit) => (
          <tr key={fit.model} class={`curve ${fit.model}`}>
            <th scope="row">
              <i /> {formulaText(fit.formula)}
              <span class="note"> {curveName(fit.model)}</span>
            </th>
            <td>
              {Object.entries(fit.parameters).map(([name, { value }]) => (
                <div key={name}>
                  {estimateText(name, { value, low: undefined, high: undefined })}
                </div>
              ))}
            </td>
            <td>{figure(fit.aicc)}</td>
            <td>{Math.round(100 * fit.weight)} %</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface CurvesProps {
  readonly config: StudyConfig;
  readonly finding: Finding;
  readonly summary: string;
}

function Curves({ config, finding, summary }: CurvesProps) {
  const { ref, width } = useWidth<HTMLElement>();
  const height = Math.round(Math.max(220, Math.min(320, width * 0.62)));
  return (
    <figure class="fits" ref={ref}>
      {width > 0 && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-label={`Thresholds by dataset size: ${summary}`}
        >
          <Plot {...{ config, finding, width, height }} />
        </svg>
      )}
      <figcaption class="note">
        Each dot is a trial
        {finding.thresholds.some(({ iteration }) => iteration === null) &&
          ', each triangle one for which no training was enough'}
        .
      </figcaption>
    </figure>
  );
}

interface PlotProps {
  readonly config: StudyConfig;
  readonly finding: Finding;
  readonly width: number;
  readonly height: number;
}

function Plot({ config, finding, width, height }: PlotProps) {
  const { sizes, iterations } = config;
  const [low = 1] = sizes;
  const high = sizes.at(-1) ?? low;
  const left = MARGIN.left + 14;
  const span = width - left - MARGIN.right - 14;
  const inner = height - MARGIN.top - MARGIN.bottom;
  const x = (m: number) =>
    left + span * (high > low ? Math.log(m / low) / Math.log(high / low) : 0.5);
  const y = (t: number) => MARGIN.top + inner * (1 - Math.min(Math.max(t / iterations, 0), 1));
  const along = Array.from({ length: STEPS + 1 }, (_, i) => low * (high / low) ** (i / STEPS));
  const path = (points: readonly (readonly [number, number])[]) =>
    points.map(([m, t]) => `${x(m).toFixed(1)},${y(t).toFixed(1)}`).join(' ');
  const best = bestFit(finding);
  const band = best
    ? along.flatMap((m) => {
        const range = best.band(m);
        return range ? [{ m, range }] : [];
      })
    : [];
  const edge = [
    ...band.map(({ m, range }) => [m, range[1]] as const),
    ...band.toReversed().map(({ m, range }) => [m, range[0]] as const),
  ];
  return (
    <>
      {namedCheckpoints(config).map((iteration) => (
        <g key={iteration}>
          <line
            class="grid"
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={y(iteration)}
            y2={y(iteration)}
          />
          <text x={MARGIN.left - 6} y={y(iteration) + 4} text-anchor="end">
            {grouped(iteration)}
          </text>
        </g>
      ))}
      {best && edge.length > 0 && (
        <polygon class={`curve band ${best.model}`} points={path(edge)} />
      )}
      {finding.fits.toReversed().map((fit) => (
        <polyline
          key={fit.model}
          class={`curve ${fit.model}${fit === best ? ' best' : ''}`}
          points={path(
            along
              .map((m) => [m, fit.predict(m)] as const)
              .filter(([, t]) => t >= 0 && t <= iterations),
          )}
        />
      ))}
      {spread(finding).map(({ examples, trial, iteration, after, shift }) =>
        iteration === null ? (
          <path
            key={`${examples}/${trial}`}
            class="trial"
            d={`M${x(examples) + shift - 5},${y(after ?? 0) + 4}h10l-5,-9z`}
          >
            <title>{`${grouped(examples)} examples, trial ${trial + 1}: not enough after ${after} steps`}</title>
          </path>
        ) : (
          <circle
            key={`${examples}/${trial}`}
            class="trial"
            cx={x(examples) + shift}
            cy={y(iteration)}
            r={4}
          >
            <title>{`${grouped(examples)} examples, trial ${trial + 1}: enough after ${iteration} steps`}</title>
          </circle>
        ),
      )}
      {sizes.map((m) => (
        <text key={m} x={x(m)} y={height - 26} text-anchor="middle">
          {grouped(m)}
        </text>
      ))}
      <text class="axis" x={(MARGIN.left + width) / 2} y={height - 6} text-anchor="middle">
        training examples m
      </text>
      <text
        class="axis"
        transform={`translate(11 ${MARGIN.top + inner / 2}) rotate(-90)`}
        text-anchor="middle"
      >
        steps that were enough
      </text>
    </>
  );
}

/** Shifts the points of one size a little apart, since equal thresholds would cover each other. */
function spread({ thresholds }: Finding) {
  return thresholds.map((threshold) => {
    const own = thresholds.filter(({ examples }) => examples === threshold.examples);
    return { ...threshold, shift: 9 * (own.indexOf(threshold) - (own.length - 1) / 2) };
  });
}

import { percent } from '../model/format.js';
import { COUNTED_WORDS, quality, triedUnder } from './figures.js';
import type { Budget, ResultView } from './protocol.js';
import type { Prune } from './state.js';

const WIDTH = 320;
const HEIGHT = 130;
/** Room for the words at the left and below. */
const LEFT = 38;
const BELOW = 18;
const ABOVE = 8;
const RIGHT = 8;

/** What was tried, by how much was left and how well it answers, and what that says of the budget of now. */
export function Tried({ prune }: { readonly prune: Prune }) {
  const budget = prune.budget.value;
  const tried = triedUnder(prune.standing.value, budget.of).toSorted(
    (one, other) => one.reached - other.reached,
  );
  const [first] = tried;
  if (!first) return null;
  const whole = first.dense.accuracy ?? 1;
  const points = [
    ...tried.map((result) => ({ share: result.reached, value: quality(result) })),
    { share: 1, value: whole },
  ];
  const low = Math.max(
    0,
    Math.floor(10 * Math.min(...points.map(({ value }) => value)) - 0.5) / 10,
  );
  const high = Math.min(
    1,
    Math.ceil(10 * Math.max(...points.map(({ value }) => value)) + 0.2) / 10,
  );
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (value: number) =>
    ABOVE + (1 - (value - low) / Math.max(high - low, 0.1)) * (HEIGHT - ABOVE - BELOW);
  const expected = valueAt(points, budget.share);
  const what = first.dense.accuracy === undefined ? 'the same answers' : 'right answers';
  return (
    <figure class="tried">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summary(tried, what, budget)}>
        {[low, (low + high) / 2, high].map((value) => (
          <g key={value}>
            <line class="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(value)} y2={y(value)} />
            <text x={LEFT - 6} y={y(value) + 4} text-anchor="end">
              {Math.round(100 * value)}%
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <text
            key={share}
            x={x(share)}
            y={HEIGHT - 3}
            text-anchor={share === 1 ? 'end' : 'middle'}
          >
            {100 * share}%
          </text>
        ))}
        <line class="whole" x1={LEFT} x2={WIDTH - RIGHT} y1={y(whole)} y2={y(whole)} />
        <line
          class="now"
          x1={x(budget.share)}
          x2={x(budget.share)}
          y1={ABOVE}
          y2={HEIGHT - BELOW}
        />
        <polyline
          class="course"
          points={points.map(({ share, value }) => `${x(share)},${y(value)}`).join(' ')}
        />
        {points.slice(0, -1).map(({ share, value }) => (
          <circle key={`${share} ${value}`} cx={x(share)} cy={y(value)} r={4} />
        ))}
      </svg>
      <figcaption class="note">
        {expected === undefined
          ? `The dots are what you tried: ${what}, by what is left. Nothing as small was tried yet.`
          : `At ${Math.round(100 * budget.share)}% about ${percent(expected)} ${what}, by what you tried (the dots).`}{' '}
        The dashed line is the network as it came.
      </figcaption>
    </figure>
  );
}

/** Between two tries by a straight line; undefined below the smallest. */
function valueAt(
  points: readonly { readonly share: number; readonly value: number }[],
  share: number,
): number | undefined {
  const right = points.findIndex((point) => point.share >= share);
  const [one, other] = [points[right - 1], points[right]];
  if (!other) return undefined;
  if (!one) return other.share - share < 0.02 ? other.value : undefined;
  const part = (share - one.share) / Math.max(other.share - one.share, 1e-9);
  return one.value + part * (other.value - one.value);
}

function summary(tried: readonly ResultView[], what: string, { of }: Budget): string {
  const all = tried.map((result) => `${percent(result.reached)}: ${percent(quality(result))}`);
  return `Share of ${what} by what is left of the ${COUNTED_WORDS[of]}. ${all.join('; ')}.`;
}

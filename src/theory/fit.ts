import { mean, min, variance } from 'simple-statistics';
import { minimise } from './minimise.js';
import type { Model, ModelName, Observation, Point } from './models.js';
import { logNormalInterval } from './normal.js';

/** A curve fitted to thresholds. */
export interface Fit {
  readonly model: ModelName;
  readonly formula: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** Standard deviation σ of the thresholds about the curve, in iterations. */
  readonly deviation: number;
  readonly logLikelihood: number;
  /**
   * 1 − Σ(t − t̂)²/Σ(t − t̄)² over thresholds that were reached, with t the middle of the interval.
   */
  readonly rSquared: number | undefined;
  /** Akaike's criterion for small samples: less is better. Infinite with too few observations. */
  readonly aicc: number;
  /** t(m) of the fitted curve. */
  readonly predict: (examples: number) => number;
  /** The model's unknowns and ln σ at the end of the search. */
  readonly solution: readonly number[];
}

/**
 * Fits t(m) + N(0, σ²) to thresholds of which only an interval is known, by maximum likelihood:
 *
 *     L = Π P(lower < t(m) + σZ ≤ upper)
 *
 * A threshold is known to lie between two checkpoints (Stewart, On least squares estimation when
 * the dependent variable is grouped, Rev. Econ. Stud. 50, 1983). One that was not reached lies
 * beyond the last checkpoint (Tobin, Econometrica 26, 1958). It is not left out: it pulls the curve
 * up.
 *
 * σ is kept above w/√12, the deviation of a uniform error in the narrowest interval w. The data
 * cannot show a smaller one. Without this bound the likelihood would have no maximum when a curve
 * passes through all intervals.
 *
 * @param observations at least one interval must be finite.
 * @param from the `solution` of a fit to similar data, where the search starts.
 */
export function fitModel(
  model: Model,
  observations: readonly Observation[],
  from?: readonly number[],
): Fit {
  const points = observations.map(fitPoint);
  const widths = observations.map(intervalWidth).filter(Number.isFinite);
  const least = min(widths) / Math.sqrt(12);
  const start = from ?? startingPoint(model, points, least);
  const distinct = tallied(observations);
  const deviation = (at: readonly number[]) => Math.hypot(least, Math.exp(at.at(-1) ?? 0));
  const negative = (at: readonly number[]) => {
    const sigma = deviation(at);
    let sum = 0;
    for (const { examples, lower, upper, count } of distinct) {
      const middle = model.predict(at, examples);
      sum -= count * logNormalInterval((lower - middle) / sigma, (upper - middle) / sigma);
    }
    return sum;
  };
  const { at, value } = minimise(negative, start, firstSteps(start));
  const reached = observations.filter(({ upper }) => Number.isFinite(upper)).map(fitPoint);
  return {
    model: model.name,
    formula: model.formula,
    parameters: model.parameters(at),
    deviation: deviation(at),
    logLikelihood: -value,
    rSquared: rSquared(reached, (m) => model.predict(at, m)),
    aicc: aicc(value, start.length, observations.length),
    predict: (examples) => model.predict(at, examples),
    solution: at,
  };
}

/** The different observations and how often each occurs, so that equal ones are computed once. */
function tallied(observations: readonly Observation[]) {
  const counts = new Map<string, Observation & { count: number }>();
  for (const observation of observations) {
    const key = `${observation.examples}:${observation.lower}:${observation.upper}`;
    const known = counts.get(key);
    if (known) known.count++;
    else counts.set(key, { ...observation, count: 1 });
  }
  return [...counts.values()];
}

/** The model's start, and ln σ of its errors there. */
function startingPoint(model: Model, points: readonly Point[], least: number): readonly number[] {
  const unknowns = model.start(points);
  const squares = points.map(([m, t]) => (t - model.predict(unknowns, m)) ** 2);
  return [...unknowns, Math.log(Math.max(Math.sqrt(mean(squares)), least))];
}

/** The middle of the interval; of an infinite one the finite end. */
function fitPoint({ examples, lower, upper }: Observation): Point {
  if (!Number.isFinite(lower)) return [examples, upper];
  return [examples, Number.isFinite(upper) ? (lower + upper) / 2 : lower];
}

function intervalWidth({ lower, upper }: Observation): number {
  return upper - lower;
}

/** The first steps of the search: a tenth of each unknown, at least 0.1. */
function firstSteps(start: readonly number[]): readonly number[] {
  return start.map((value) => 0.1 * Math.max(Math.abs(value), 1));
}

function rSquared(
  points: readonly Point[],
  predict: (examples: number) => number,
): number | undefined {
  const total = variance(points.map(([, t]) => t));
  const left = mean(points.map(([m, t]) => (t - predict(m)) ** 2));
  return total > 0 ? 1 - left / total : undefined;
}

/**
 * 2p − 2 ln L + 2p(p + 1)/(n − p − 1) for p unknowns, σ included, and n observations (Hurvich and
 * Tsai, Biometrika 76, 1989).
 */
function aicc(negativeLogLikelihood: number, p: number, n: number): number {
  if (n <= p + 1) return Number.POSITIVE_INFINITY;
  return 2 * p + 2 * negativeLogLikelihood + (2 * p * (p + 1)) / (n - p - 1);
}

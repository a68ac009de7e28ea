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
  /** 1 − Σ(t − t̂)²/Σ(t − t̄)² over the thresholds that were reached, each at its interval's middle. */
  readonly rSquared: number | undefined;
  /** Akaike's criterion for small samples; infinite with too few observations. Less is better. */
  readonly aicc: number;
  /** t(m) of the fitted curve. */
  readonly predict: (examples: number) => number;
  /** Where the search ended: the unknowns and ln σ. */
  readonly solution: readonly number[];
}

/**
 * Fits t(m) + N(0, σ²) to thresholds of which only an interval is known, by maximum likelihood:
 *
 *     L = Π P(lower < t(m) + σZ ≤ upper)
 *
 * A threshold is seen at checkpoints, so it lies between two of them (Stewart, On least squares
 * estimation when the dependent variable is grouped, Rev. Econ. Stud. 50, 1983); one that was not
 * reached lies anywhere beyond the last (Tobin, Econometrica 26, 1958) and pulls the curve up
 * instead of being dropped. σ stays above the deviation w/√12 of a uniform error within the
 * narrowest interval w: the data cannot tell less, and where a curve passes through all of the
 * intervals the likelihood would have no maximum otherwise.
 *
 * @param observations one interval at least is finite.
 * @param from a solution to start from, of a fit to similar data.
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

/** Equal observations once, with how often they occur: they cost as much as one. */
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

/** The model's own start, and ln σ of the errors that it leaves. */
function startingPoint(model: Model, points: readonly Point[], least: number): readonly number[] {
  const unknowns = model.start(points);
  const squares = points.map(([m, t]) => (t - model.predict(unknowns, m)) ** 2);
  return [...unknowns, Math.log(Math.max(Math.sqrt(mean(squares)), least))];
}

/** The interval's middle, or its finite end. */
function fitPoint({ examples, lower, upper }: Observation): Point {
  if (!Number.isFinite(lower)) return [examples, upper];
  return [examples, Number.isFinite(upper) ? (lower + upper) / 2 : lower];
}

function intervalWidth({ lower, upper }: Observation): number {
  return upper - lower;
}

/** Wide enough to leave the start, narrow enough to stay where the start made sense. */
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

/** 2p − 2 ln L + 2p(p + 1)/(n − p − 1) (Hurvich and Tsai, Biometrika 76, 1989); σ counts in p. */
function aicc(negativeLogLikelihood: number, p: number, n: number): number {
  if (n <= p + 1) return Number.POSITIVE_INFINITY;
  return 2 * p + 2 * negativeLogLikelihood + (2 * p * (p + 1)) / (n - p - 1);
}

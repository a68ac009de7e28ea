import { linearRegression, max, mean } from 'simple-statistics';

/** A threshold t* of one trial as an interval: it lies between two checkpoints. */
export interface Observation {
  /** Dataset size m. */
  readonly examples: number;
  /** t* > lower. −∞ when the first checkpoint meets the criterion. */
  readonly lower: number;
  /** t* ≤ upper. ∞ when the last checkpoint does not meet the criterion (right-censored). */
  readonly upper: number;
}

/** What the theory's curve depends on besides m. */
export interface Setting {
  /** k, the picks of greedy forward selection. */
  readonly picks: number;
  /** ρ(m) of the contraction 1 − c·ρ(m): d/m for GD, d/m² for SGD. */
  readonly rho?: ((examples: number) => number) | undefined;
}

/** The curves t(m) that are compared. */
export type ModelName = 'constant' | 'logarithm' | 'power' | 'theory';

/** A family of curves t(m). Its unknowns range over all reals, so that a search needs no bounds. */
export interface Model {
  readonly name: ModelName;
  readonly formula: string;
  /** Unknowns to start the search from, given a point (m, t) for each observation. */
  readonly start: (points: readonly Point[]) => readonly number[];
  readonly parameters: (unknowns: readonly number[]) => Readonly<Record<string, number>>;
  readonly predict: (unknowns: readonly number[], examples: number) => number;
}

export type Point = readonly [examples: number, iterations: number];

/**
 * The curves that are compared. The theory's curve is among them when ρ is known. Lines in ln m are
 * described by their height at the mean of ln m and their slope: these two hardly correlate, which
 * makes the search short.
 */
export function thresholdModels(
  observations: readonly Observation[],
  { picks, rho }: Setting,
): readonly Model[] {
  const centre = mean(observations.map(({ examples }) => Math.log(examples)));
  const away = (examples: number) => Math.log(examples) - centre;
  const line = (points: readonly Point[], of: (iterations: number) => number) => {
    const { m: slope, b: height } = linearRegression(
      points.map(([examples, iterations]) => [away(examples), of(iterations)]),
    );
    return [height, slope];
  };
  return [
    {
      name: 'constant',
      formula: 't = α',
      start: (points) => [mean(points.map(([, iterations]) => iterations))],
      parameters: ([height = 0]) => ({ alpha: height }),
      predict: ([height = 0]) => height,
    },
    {
      name: 'logarithm',
      formula: 't = α + β ln m',
      start: (points) => line(points, (iterations) => iterations),
      parameters: ([height = 0, slope = 0]) => ({ alpha: height - slope * centre, beta: slope }),
      predict: ([height = 0, slope = 0], examples) => height + slope * away(examples),
    },
    {
      name: 'power',
      formula: 't = α m^β',
      start: (points) => line(points, (iterations) => Math.log(Math.max(iterations, 1))),
      parameters: ([height = 0, slope = 0]) => ({
        alpha: Math.exp(height - slope * centre),
        beta: slope,
      }),
      predict: ([height = 0, slope = 0], examples) => Math.exp(height + slope * away(examples)),
    },
    ...(rho ? [theoryModel(observations, picks, rho)] : []),
  ];
}

function theoryModel(
  observations: readonly Observation[],
  picks: number,
  rho: (examples: number) => number,
): Model {
  const steepest = max(observations.map(({ examples }) => rho(examples)));
  const contraction = (unknown: number) => 1 / (steepest * (1 + Math.exp(-unknown)));
  return {
    name: 'theory',
    formula: 't = ln k / −ln(1 − c·ρ(m))',
    // For small cρ, −ln(1 − cρ) ≈ cρ. Then t ≈ ln k / (cρ), and the means of t and 1/ρ give c. As
    // 1 − cρ must be positive, c is less than 1/ρ.
    start: (points) => {
      const inverse = mean(points.map(([examples]) => 1 / rho(examples)));
      const guess = (Math.log(picks) * inverse) / mean(points.map(([, t]) => t));
      const share = Math.min(Math.max(guess * steepest, 1e-9), 0.99);
      return [Math.log(share / (1 - share))];
    },
    parameters: ([unknown = 0]) => ({ c: contraction(unknown) }),
    predict: ([unknown = 0], examples) =>
      Math.log(picks) / -Math.log1p(-contraction(unknown) * rho(examples)),
  };
}

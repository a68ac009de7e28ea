import { linearRegression, max, mean } from 'simple-statistics';

/** A threshold of one trial as it is known: between two checkpoints. */
export interface Observation {
  /** Dataset size m. */
  readonly examples: number;
  /** t* > lower; −∞ where the first checkpoint met the criterion already. */
  readonly lower: number;
  /** t* ≤ upper; ∞ where no checkpoint met it (right-censored). */
  readonly upper: number;
}

/** What the theory's model knows besides m. */
export interface Setting {
  /** k, the picks of greedy forward selection. */
  readonly picks: number;
  /** ρ(m) of the contraction 1 − c·ρ(m): d/m for GD, d/m² for SGD. */
  readonly rho?: ((examples: number) => number) | undefined;
}

/** The curves t(m) that are compared. */
export type ModelName = 'constant' | 'logarithm' | 'power' | 'theory';

/** A curve t(m), described by unknowns that range over all reals so that a search needs no bounds. */
export interface Model {
  readonly name: ModelName;
  readonly formula: string;
  /** Where a search begins, from a point (m, t) for each observation. */
  readonly start: (points: readonly Point[]) => readonly number[];
  readonly parameters: (unknowns: readonly number[]) => Readonly<Record<string, number>>;
  readonly predict: (unknowns: readonly number[], examples: number) => number;
}

export type Point = readonly [examples: number, iterations: number];

/**
 * The curves that are compared, the theory's where ρ is known; `centre` is the mean ln m, about which
 * α and β hardly correlate.
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
    // −ln(1 − cρ) ≈ cρ makes the mean t = ln k / c times that of 1/ρ; 1 − cρ > 0 bounds c.
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

/** Inner products of the neurons' outputs φ and the targets y, which determine every loss. */
export interface HullProblem {
  /** ⟨φ_i, φ_j⟩ [N × N], row-major. */
  readonly gram: Float64Array;
  /** ⟨φ_i, y⟩ [N] */
  readonly correlations: Float64Array;
  /** ⟨y, y⟩ */
  readonly energy: number;
  /** m */
  readonly examples: number;
}

/** The result of the search for the best mixture. */
export interface HullOptimum {
  /** The smallest loss 1/(2m) ‖Σ α_i φ_i − y‖² found over the simplex. */
  readonly loss: number;
  /** The best possible loss lies in [loss − gap, loss]. */
  readonly gap: number;
  readonly iterations: number;
  /** Whether `gap` is at most the tolerance. */
  readonly converged: boolean;
}

/**
 * The least loss of all mixtures Σ α_i φ_i with α_i ≥ 0 and Σ α_i = 1. Found by Frank–Wolfe with
 * pairwise steps and exact line search, which converges linearly on the simplex (Lacoste-Julien and
 * Jaggi, NeurIPS 2015). The duality gap ⟨∇L(α), α − e_s⟩ at the best vertex s bounds the distance
 * to the least loss. An iteration costs O(N).
 *
 * @param tolerance of the gap, in units of the loss. By default 10⁻⁶ of the loss of f = 0.
 */
export function bestInHull(
  problem: HullProblem,
  tolerance = (1e-6 * problem.energy) / (2 * problem.examples),
  maxIterations = 200_000,
): HullOptimum {
  const { gram, correlations, energy, examples } = problem;
  const n = correlations.length;
  const k = (i: number, j: number) => gram[i * n + j] ?? Number.NaN;
  const start = bestVertex(problem);
  const alpha = new Float64Array(n);
  alpha[start] = 1;
  // ⟨φ_i, Σ α_j φ_j − y⟩: m times the gradient.
  const slope = Float64Array.from({ length: n }, (_, i) => k(start, i) - (correlations[i] ?? 0));
  let square = k(start, start) - 2 * (correlations[start] ?? 0) + energy;
  for (let iteration = 1; ; iteration++) {
    const { towards, away, gap } = directions(alpha, slope);
    const lossGap = gap / examples;
    const done = lossGap <= tolerance;
    if (done || iteration > maxIterations || !Number.isFinite(gap)) {
      const loss = Math.max(square, 0) / (2 * examples);
      return { loss, gap: lossGap, iterations: iteration - 1, converged: done };
    }
    const descent = (slope[away] ?? 0) - (slope[towards] ?? 0);
    const curvature = k(towards, towards) - 2 * k(towards, away) + k(away, away);
    const mass = alpha[away] ?? 0;
    const step = curvature > 0 ? Math.min(mass, descent / curvature) : mass;
    alpha[towards] = (alpha[towards] ?? 0) + step;
    alpha[away] = step === mass ? 0 : mass - step;
    for (let i = 0; i < n; i++) slope[i] = (slope[i] ?? 0) + step * (k(towards, i) - k(away, i));
    square += step * (step * curvature - 2 * descent);
  }
}

/** The vertex of smallest loss. */
function bestVertex({ gram, correlations }: HullProblem): number {
  const n = correlations.length;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const loss = (gram[i * n + i] ?? Number.NaN) - 2 * (correlations[i] ?? Number.NaN);
    if (loss < least) {
      least = loss;
      best = i;
    }
  }
  return best;
}

/** The vertex to move mass to, the vertex of the mixture to take it from, and m times the gap. */
function directions(alpha: Float64Array, slope: Float64Array) {
  let [towards, away, mean] = [0, -1, 0];
  for (let i = 0; i < slope.length; i++) {
    const value = slope[i] ?? Number.NaN;
    if (value < (slope[towards] ?? 0)) towards = i;
    const mass = alpha[i] ?? 0;
    if (mass === 0) continue;
    mean += mass * value;
    if (away < 0 || value > (slope[away] ?? 0)) away = i;
  }
  return { towards, away, gap: mean - (slope[towards] ?? 0) };
}

/**
 * The squared diameter of the hull, max_ij ‖φ_i − φ_j‖². Two vertices are always farthest apart.
 */
export function squaredDiameter({ gram, correlations }: HullProblem): number {
  const n = correlations.length;
  const k = (i: number, j: number) => gram[i * n + j] ?? Number.NaN;
  let largest = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) largest = Math.max(largest, k(i, i) - 2 * k(i, j) + k(j, j));
  }
  return largest;
}

/**
 * How far the loss of greedy selection with replacement can be above the best loss in the hull, at
 * most, after 1, 2, …, `picks` picks. With D the hull's diameter, after k picks:
 *
 * - average: D² H_k / (2 m k), where H_k = 1 + 1/2 + … + 1/k. A pick does at least as well as the
 *   Frank–Wolfe vertex with step 1/k, so that δ_k ≤ (1 − 1/k) δ_{k−1} + D² / (2 m k²).
 * - line-search: 2 D² / (m (k + 1)) (Jaggi, ICML 2013). A pick does at least as well as his step,
 *   since every candidate has its best step.
 *
 * The rule `corrective` leaves the hull, so it has no such bound.
 */
export function guaranteedExcess(
  rule: 'average' | 'line-search',
  diameterSquared: number,
  examples: number,
  picks: number,
): Float64Array {
  let harmonic = 0;
  return Float64Array.from({ length: picks }, (_, step) => {
    const k = step + 1;
    harmonic += 1 / k;
    return rule === 'average'
      ? (diameterSquared * harmonic) / (2 * examples * k)
      : (2 * diameterSquared) / (examples * (k + 1));
  });
}

/** Neurons' outputs as inner products: all that the convex hull of the outputs needs. */
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

/** Where the search for the best mixture ended. */
export interface HullOptimum {
  /** The smallest loss 1/(2m) ‖Σ α_i φ_i − y‖² found over the simplex. */
  readonly loss: number;
  /** The best possible loss lies in [loss − gap, loss]. */
  readonly gap: number;
  readonly iterations: number;
  /** Whether `gap` came under the asked tolerance. */
  readonly converged: boolean;
}

/**
 * The best loss that any mixture of the neurons can reach, by Frank–Wolfe with pairwise steps and
 * exact line search (Lacoste-Julien and Jaggi, NeurIPS 2015), which converges linearly on the
 * simplex. The duality gap ⟨∇L(α), α − e_s⟩ at the best vertex s bounds how far the loss is from
 * the optimum. O(N) an iteration.
 *
 * @param tolerance of the gap, in units of the loss; 10⁻⁶ of the loss of f = 0 by default.
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
  // ⟨φ_i, u − y⟩, the gradient but for 1/m.
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

/** The vertex to move to, the vertex of the mixture to move from, and the duality gap. */
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

/** max_ij ‖φ_i − φ_j‖², the squared diameter of the hull: two of its vertices are farthest apart. */
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
 * What greedy selection is guaranteed to reach after k picks with replacement, above the best loss
 * in the hull: with D the hull's diameter,
 * - average: D² H_k / (2 m k), H_k = 1 + 1/2 + … + 1/k (a pick does at least as well as the
 *   Frank–Wolfe vertex with step 1/k: δ_k ≤ (1 − 1/k) δ_{k−1} + D² / (2 m k²));
 * - line-search: 2 D² / (m (k + 1)) (Jaggi, ICML 2013, with the best step for every candidate).
 * `corrective` fits outside the hull and is guaranteed no such bound.
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

import type { LossKind } from '../../shaders/point-loss.js';

export interface GreedySelectionProblem {
  readonly m: number;
  /** N. */
  readonly n: number;
  /** C. */
  readonly outputs: number;
  /** H [m × N], row-major as all that follows. */
  readonly activations: Float32Array;
  /** B [N × C]. */
  readonly weights: Float32Array;
  /** Y [m × C]. */
  readonly targets: Float32Array;
}

export interface JudgedPick {
  /** Loss of the average with this pick. */
  readonly loss: number;
  /** The smallest loss that any candidate would have given. */
  readonly best: number;
}

/**
 * Judges each pick by the definition, in float64 and without the Gram identity: the losses
 * 1/(2m) Σ_j ‖(u_j + φ_ij)/k − y_j‖², or the mean softmax cross-entropies of (u_j + φ_ij)/k, of all
 * candidates i beside the picks made so far, whose outputs sum up to u. m N C operations a pick.
 */
export function judgePicks(
  problem: GreedySelectionProblem,
  picks: ArrayLike<number>,
  loss: LossKind = 'squared',
): readonly JudgedPick[] {
  const { m, n, outputs, activations, weights } = problem;
  const totals = new Float64Array(m * outputs);
  const candidateLosses = loss === 'squared' ? squaredLosses : crossEntropies;
  return Array.from(picks, (pick, step) => {
    const losses = candidateLosses(problem, totals, step + 1);
    for (let j = 0; j < m; j++) {
      const h = activations[j * n + pick] as number;
      for (let c = 0; c < outputs; c++) {
        totals[j * outputs + c]! += h * (weights[pick * outputs + c] as number);
      }
    }
    return {
      loss: losses[pick] as number,
      best: losses.reduce((least, loss) => Math.min(least, loss)),
    };
  });
}

function squaredLosses(
  { m, n, outputs, activations, weights, targets }: GreedySelectionProblem,
  totals: Float64Array,
  count: number,
): Float64Array {
  const losses = new Float64Array(n);
  for (let c = 0; c < outputs; c++) {
    const shares = Float64Array.from(
      losses,
      (_, i) => (weights[i * outputs + c] as number) / count,
    );
    for (let j = 0; j < m; j++) {
      const at = j * outputs + c;
      const base = (totals[at] as number) / count - (targets[at] as number);
      for (let i = 0; i < n; i++) {
        const error = base + (activations[j * n + i] as number) * (shares[i] as number);
        losses[i]! += error * error;
      }
    }
  }
  return losses.map((loss) => loss / (2 * m));
}

function crossEntropies(
  { m, n, outputs, activations, weights, targets }: GreedySelectionProblem,
  totals: Float64Array,
  count: number,
): Float64Array {
  const logits = new Float64Array(outputs);
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < m; j++) {
      const h = activations[j * n + i] as number;
      for (let c = 0; c < outputs; c++) {
        const total =
          (totals[j * outputs + c] as number) + h * (weights[i * outputs + c] as number);
        logits[c] = total / count;
        sum -= logits[c]! * (targets[j * outputs + c] as number);
      }
      const peak = logits.reduce((most, logit) => Math.max(most, logit));
      sum += peak + Math.log(logits.reduce((all, logit) => all + Math.exp(logit - peak), 0));
    }
    return sum / m;
  });
}

import { DEPENDENT } from '../../shaders/corrective-update.wgsl.js';
import type { LossKind } from '../../shaders/point-loss.js';

export type RuleName = 'average' | 'line-search' | 'corrective';

/** What a float64 selection looks at: each neuron's outputs over all examples. */
export interface ReferenceProblem {
  /** m. */
  readonly examples: number;
  /** C. */
  readonly outputs: number;
  /** φ_i [m · C] of each neuron. */
  readonly phi: readonly Float64Array[];
  /** y [m · C] */
  readonly y: Float64Array;
  readonly loss: LossKind;
}

/** 1/(2m) Σ‖f − y‖², or the mean softmax cross-entropy. */
export function outputsLoss(
  { examples, outputs, y, loss }: ReferenceProblem,
  f: Float64Array,
): number {
  if (loss === 'squared') {
    return f.reduce((sum, value, e) => sum + (value - at(y, e)) ** 2, 0) / (2 * examples);
  }
  let sum = 0;
  for (let j = 0; j < examples; j++) {
    const logits = f.subarray(j * outputs, (j + 1) * outputs);
    const largest = Math.max(...logits);
    const total = logits.reduce((part, logit) => part + Math.exp(logit - largest), 0);
    const chosen = logits.reduce((part, logit, c) => part + logit * at(y, j * outputs + c), 0);
    sum += Math.log(total) + largest - chosen;
  }
  return sum / examples;
}

/** The mixture that a rule makes of the picks, from its definition. */
export function mixtureOutputs(
  problem: ReferenceProblem,
  rule: RuleName,
  picks: readonly number[],
): Float64Array {
  if (rule === 'corrective') return projection(problem, picks);
  let mixture = new Float64Array(problem.y.length);
  picks.forEach((pick, step) => {
    mixture = extended(problem, rule, { mixture, picks: step }, pick);
  });
  return mixture;
}

/** The loss of adding each neuron to the picks. */
export function candidateLosses(
  problem: ReferenceProblem,
  rule: RuleName,
  picks: readonly number[],
): Float64Array {
  const losses = new Float64Array(problem.phi.length);
  const mixture = mixtureOutputs(problem, rule, picks);
  const before = { mixture, picks: picks.length };
  const basis = rule === 'corrective' ? orthonormal(problem, picks) : [];
  problem.phi.forEach((phi, neuron) => {
    if (rule !== 'corrective') {
      losses[neuron] = outputsLoss(problem, extended(problem, rule, before, neuron));
      return;
    }
    const direction = orthogonalised(phi, basis);
    const with_ = direction ? plusProjection(mixture, problem.y, direction) : mixture;
    losses[neuron] = outputsLoss(problem, with_);
  });
  return losses;
}

/** The mixture of so many picks with one neuron more. */
function extended(
  { phi, y }: ReferenceProblem,
  rule: RuleName,
  { mixture, picks }: { readonly mixture: Float64Array; readonly picks: number },
  neuron: number,
): Float64Array<ArrayBuffer> {
  const own = phi[neuron] ?? new Float64Array();
  const gamma = picks === 0 ? 1 : rule === 'average' ? 1 / (picks + 1) : bestStep(mixture, own, y);
  return Float64Array.from(mixture, (value, e) => (1 - gamma) * value + gamma * at(own, e));
}

/** γ in [0, 1] that brings (1 − γ) u + γ φ nearest to y. */
function bestStep(u: Float64Array, phi: Float64Array, y: Float64Array): number {
  let along = 0;
  let square = 0;
  u.forEach((value, e) => {
    const towards = at(phi, e) - value;
    along += towards * (at(y, e) - value);
    square += towards * towards;
  });
  return square > 0 ? Math.min(Math.max(along / square, 0), 1) : 0;
}

function projection(problem: ReferenceProblem, picks: readonly number[]): Float64Array {
  return orthonormal(problem, picks).reduce<Float64Array>(
    (sum, direction) => plusProjection(sum, problem.y, direction),
    new Float64Array(problem.y.length),
  );
}

function plusProjection(sum: Float64Array, y: Float64Array, direction: Float64Array): Float64Array {
  const along = dot(y, direction);
  return sum.map((value, e) => value + along * at(direction, e));
}

function orthonormal({ phi }: ReferenceProblem, picks: readonly number[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const pick of picks) {
    const direction = orthogonalised(phi[pick] ?? new Float64Array(), basis);
    if (direction) basis.push(direction);
  }
  return basis;
}

/**
 * What the basis leaves of φ, normalised; Gram–Schmidt twice over. Undefined where it leaves less
 * than `DEPENDENT`, the share under which a float32 Gram matrix cannot tell it from nothing.
 */
function orthogonalised(
  phi: Float64Array,
  basis: readonly Float64Array[],
): Float64Array | undefined {
  const before = dot(phi, phi);
  let rest = phi;
  for (let pass = 0; pass < 2; pass++) {
    for (const direction of basis) {
      const along = dot(rest, direction);
      rest = rest.map((value, e) => value - along * at(direction, e));
    }
  }
  const square = dot(rest, rest);
  if (!(square > DEPENDENT * before)) return undefined;
  return rest.map((value) => value / Math.sqrt(square));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, e) => sum + value * at(b, e), 0);
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}

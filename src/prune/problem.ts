import { EspalierError } from '../errors.js';
import type { Matrix } from '../gpu/matrix.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import type { Activations } from './activations.js';

/**
 * What a subnetwork is selected from. Neuron i's outputs are φ_i = b_i σ(a_i · x_j) over the
 * examples; neither the model nor its trainer is known here.
 */
export interface SelectionProblem {
  readonly activations: Activations;
  /**
   * The same activations in f32, where `activations` are rounded. The picks are chosen by
   * `activations`, and their losses measured by these.
   */
  readonly exact?: Activations | undefined;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y [m × C]. */
  readonly targets: Matrix;
  readonly loss: LossKind;
}

/** The problem by the exact activations. */
export function exactly({ exact, ...problem }: SelectionProblem): SelectionProblem {
  return exact ? { ...problem, activations: exact } : problem;
}

/** Why a selection ended. */
export type StopReason = 'count' | 'target' | 'stalled';

/** What was selected, and how the subnetwork did after each pick. */
export interface Selection {
  /** Neurons in order of selection [k]; one may come again. */
  readonly selected: Uint32Array;
  /** Loss after 1, 2, … k picks, measured from the subnetwork's outputs, exact where given [k]. */
  readonly loss: Float32Array;
  /** The n distinct neurons in order of first selection. */
  readonly kept: Uint32Array;
  /** Their shares α after every pick [k × n]: f_S(x) = Σ_s α_s b_s σ(a_s · x). */
  readonly shares: Float64Array;
  /** The last row of `shares`, rounded to float32 [n]. */
  readonly finalShares: Float32Array;
  /** Passes over the activations that the picks took. */
  readonly passes: number;
  readonly stopped: StopReason;
}

/** What ends a selection that meets NaN or infinity in what it was given, or whose sums overflow. */
export function notFinite(what: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `Selection met ${what} not finite: look for NaN, infinity and very large numbers in the activations and the output weights.`,
  );
}

/** @throws bad-data when a value is not finite. */
export function requireFinite(what: string, values: Iterable<number>): void {
  const all = [...values];
  const bad = all.filter((value) => !Number.isFinite(value)).length;
  if (bad > 0) throw notFinite(`${what}, ${bad} of ${all.length} of them`);
}

import type { ChunkedMatrix, Matrix } from '../gpu/matrix.js';

/**
 * What a subnetwork is selected from. Neuron i's outputs are φ_i = b_i σ(a_i · x_j) over the
 * examples; neither the model nor its trainer is known here.
 */
export interface SelectionProblem {
  /** H [m × N], the hidden activations. */
  readonly activations: ChunkedMatrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y [m × C]. */
  readonly targets: Matrix;
}

export interface Selection {
  /** Neurons in order of selection [k]; one may come again. */
  readonly selected: Uint32Array;
  /** Loss of the average of the first 1, 2, … k picks, measured from its outputs [k]. */
  readonly loss: Float32Array;
  /** Distinct neurons among the picks. */
  readonly distinct: number;
  /** Passes over the activations for Gram rows. */
  readonly passes: number;
}

/** The distinct neurons in order of first selection, and each one's share α = count / k. */
export function weightsOf(selected: Uint32Array): { neurons: Uint32Array; weight: Float32Array } {
  const counts = new Map<number, number>();
  for (const neuron of selected) counts.set(neuron, (counts.get(neuron) ?? 0) + 1);
  return {
    neurons: Uint32Array.from(counts.keys()),
    weight: Float32Array.from(counts.values(), (count) => count / selected.length),
  };
}

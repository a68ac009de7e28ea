import type { Matrix } from '../gpu/matrix.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import type { Dataset } from '../models/dataset.js';
import type { TwoLayerNetwork } from '../models/two-layer.js';
import type { RandomStream } from '../random.js';

/** How a two-layer network is trained by gradient descent. */
export interface TrainingOptions {
  /**
   * Examples of a step, drawn uniformly with replacement; 'full', or as many as there are or more:
   * all of them, in order, which is gradient descent.
   */
  readonly batch: number | 'full';
  /** η, in mean-field units: a step moves θ_i by η N ∂L/∂θ_i. */
  readonly learningRate: number;
  /** μ in [0, 1). */
  readonly momentum: number;
  /** Squared by default; the cross-entropy is of the softmax of the outputs. */
  readonly loss?: LossKind;
  /**
   * Slices of a step's examples; by default as many as suit the adapter. The hidden layer's gradient is
   * summed within each slice, then over them. Another number changes the order, so the last bits.
   */
  readonly slices?: number;
  readonly seed: number;
  /** Names the random stream of the minibatches, so that two trainings of one seed differ. */
  readonly purpose?: string;
  /** The setting that η comes from, for the advice when the training diverges. */
  readonly rateKey?: 'learningRate' | 'fineTuneLearningRate';
}

/** Where the draws of the minibatches stand. */
export interface MinibatchStream {
  stream: RandomStream;
  /** Examples drawn from it. */
  drawn: number;
}

/** What the steps of one training share. */
export interface StepContext {
  readonly network: TwoLayerNetwork;
  readonly dataset: Dataset;
  readonly options: TrainingOptions;
  /** Accumulated steps of A and B; A's only when something has to accumulate. */
  readonly velocity: { readonly hidden: Matrix | undefined; readonly output: Matrix };
  readonly minibatches: MinibatchStream;
  /** Steps done. */
  readonly iteration: number;
}

import type { Graph } from '../../src/graph/graph.js';
import type { Weights } from '../../src/graph/weights.js';

/** Another library that does the same work on the same adapter, on a device of its own. */
export interface Peer {
  readonly subject: 'jax-js' | 'tfjs' | 'onnxruntime';
  /** Its npm package, whose version a report names. */
  readonly package: string;
  /** Opens its device once. */
  readonly open: () => Promise<GPUDevice>;
  readonly works: Readonly<Partial<Record<Form, PeerWorks>>>;
}

/**
 * How a peer's work is written. `fastest` is the fastest way that was found. Where that takes at
 * most half the time, there is a plain form too: as its documentation leads a user to write it
 * first.
 */
export const FORMS = ['fastest', 'plain'] as const;
export type Form = (typeof FORMS)[number];

export function isForm(variant: string | undefined): variant is Form {
  return FORMS.some((form) => form === variant);
}

/** One work as a peer does it, with its inputs on the device. */
export interface PeerProgram<Answer> extends Disposable {
  /** Does the work so many times, to the end of the queue. */
  readonly run: (times: number) => Promise<void>;
  /** What the last run has left; for training steps, what all steps so far have. */
  readonly answer: () => Promise<Answer>;
}

/** Thrown by a program that works but is not waited for; the message says why. */
export class NotWaitedFor extends Error {}

export type Prepare<Task, Answer> = (task: Task) => Promise<PeerProgram<Answer>>;

/** The works that peers do; a whole run is made of them. A peer need not do all, in any form. */
export interface PeerWorks {
  readonly matmul?: Prepare<MatmulTask, Float32Array>;
  readonly hidden?: Prepare<HiddenTask, Float32Array>;
  /** The output [images, rows, columns, outputs]. */
  readonly convolution?: Prepare<ConvolutionTask, Float32Array>;
  /** Of the input [images, rows, columns, channels]. */
  readonly convolutionDataGradient?: Prepare<ConvolutionTask, Float32Array>;
  /** Of the weight [outputs, channels, rows, columns]. */
  readonly convolutionWeightGradient?: Prepare<ConvolutionTask, Float32Array>;
  /** Logits [images, classes]. */
  readonly networkForward?: Prepare<NetworkTask, Float32Array>;
  readonly networkStep?: Prepare<NetworkStepTask, Weights>;
  readonly trainingStep?: Prepare<StepTask, StepWeights>;
  readonly selection?: Prepare<SelectionTask, ArrayLike<number>>;
  readonly crossEntropySelection?: Prepare<SelectionTask, ArrayLike<number>>;
}

/** A B, with A [m × k], or [k × m] where it is to be transposed, and B [k × n]. */
export interface MatmulTask {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/**
 * A convolution of square images, or one of its gradients. Each library may have its arrays in the
 * order in which it is fastest: turning them is not part of the work.
 */
export interface ConvolutionTask {
  readonly images: number;
  readonly size: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  /** Rows and columns of zeros on each side. */
  readonly padding: number;
  /** Rows and columns of the output. */
  readonly outputSize: number;
  /** [images, size, size, channels] */
  readonly input: Float32Array;
  /** [outputs, channels, kernel, kernel] */
  readonly weight: Float32Array;
  /** Gradient of the output, [images, outputSize, outputSize, outputs]. */
  readonly gradient: Float32Array;
}

/** A whole network of convolutions, given in the form that answers fastest. */
export interface NetworkTask {
  readonly graph: Graph;
  readonly weights: Weights;
  readonly images: number;
  /** [images, rows, columns, channels] */
  readonly input: Float32Array;
}

/**
 * Steps w ← w − η ∂L/∂w of all that is trained, L the mean softmax cross-entropy; batch norms take mean
 * and variance of the images, and need not note them.
 */
export interface NetworkStepTask extends NetworkTask {
  readonly labels: Uint32Array;
  readonly learningRate: number;
}

/** tanh(X Aᵀ) [m × n], of inputs X [m × d] and Aᵀ [d × n]. */
export interface HiddenTask {
  readonly m: number;
  readonly d: number;
  readonly n: number;
  readonly inputs: Float32Array;
  /** Aᵀ. A library may want A instead: transposing it is not part of the work. */
  readonly hidden: Float32Array;
}

/** Steps θ ← θ − η N ∂L/∂θ of f(x) = (1/N) Σ b_i tanh(a_i·x), L = 1/(2 batch) Σ (f − y)². */
export interface StepTask extends HiddenTask {
  /** Y [m]. */
  readonly targets: Float32Array;
  /** B [n]. */
  readonly output: Float32Array;
  readonly learningRate: number;
  /** Draws the examples of the next step; absent when a step takes all. */
  readonly nextMinibatch?: (() => Int32Array) | undefined;
}

export interface StepWeights {
  /** Aᵀ [d × n]. */
  readonly hidden: Float32Array;
  /** B [n]. */
  readonly output: Float32Array;
}

/** k greedy picks from H [m × n], B [n × c] and Y [m × c]; an answer is the picks in order. */
export interface SelectionTask {
  readonly m: number;
  readonly n: number;
  readonly outputs: number;
  readonly picks: number;
  readonly activations: Float32Array;
  readonly weights: Float32Array;
  readonly targets: Float32Array;
}

/** `espalier run`; an answer is the test accuracies: dense, pruned, fine-tuned. */
export interface RunTask {
  readonly train: Labelled;
  readonly test: Labelled;
  readonly d: number;
  /** The first weights. */
  readonly network: StepWeights;
  readonly picks: number;
  readonly learningRate: number;
  readonly iterations: number;
  readonly fineTuneRate: number;
  readonly fineTune: number;
  /** Begins a training's draws. */
  readonly drawMinibatches: () => () => Int32Array;
}

export interface Labelled {
  readonly m: number;
  readonly inputs: Float32Array;
  readonly targets: Float32Array;
}

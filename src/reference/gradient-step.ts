import type { Activation } from '../../shaders/activations.js';
import { derivative } from './activation.js';

export interface GradientStepProblem {
  /** Examples of the minibatch. */
  readonly m: number;
  /** d. */
  readonly inputs: number;
  /** N. */
  readonly width: number;
  /** C. */
  readonly outputs: number;
  readonly activation: Activation;
  /** X [m × d], row-major as all that follows. */
  readonly x: Float32Array;
  /** Y [m × C]. */
  readonly y: Float32Array;
  /** σ(a_i · x_j) [m × N], the activations before the step. */
  readonly states: Float32Array;
  /** B [N × C]. */
  readonly output: Float32Array;
  readonly learningRate: number;
  /** Of the neurons whose steps are wanted: residuals take all neurons, a step takes one. */
  readonly indices: readonly number[];
}

/**
 * One step of gradient descent in mean-field units, η N ∂L/∂θ with L = 1/(2m) Σ‖f − y‖² and
 * f = (1/N) Σ b σ(a · x), in float64: what is subtracted from A [indices × d] and B [indices × C].
 */
export function gradientStepReference(problem: GradientStepProblem): {
  readonly hidden: Float64Array;
  readonly output: Float64Array;
} {
  const { m, inputs: d, width, outputs, activation, x, states, output, indices } = problem;
  const residual = residuals(problem);
  const rate = problem.learningRate / m;
  const steps = {
    hidden: new Float64Array(indices.length * d),
    output: new Float64Array(indices.length * outputs),
  };
  indices.forEach((i, at) => {
    for (let j = 0; j < m; j++) {
      const h = states[j * width + i] as number;
      let incoming = 0;
      for (let c = 0; c < outputs; c++) {
        const r = residual[j * outputs + c] as number;
        incoming += r * (output[i * outputs + c] as number);
        steps.output[at * outputs + c]! += rate * r * h;
      }
      const slope = rate * incoming * derivative(activation, h);
      for (let q = 0; q < d; q++) steps.hidden[at * d + q]! += slope * (x[j * d + q] as number);
    }
  });
  return steps;
}

/** f(x_j) − y_j [m × C]. */
function residuals({ m, width, outputs, y, states, output }: GradientStepProblem): Float64Array {
  const residual = new Float64Array(m * outputs);
  for (let j = 0; j < m; j++) {
    for (let c = 0; c < outputs; c++) {
      let sum = 0;
      for (let i = 0; i < width; i++) {
        sum += (states[j * width + i] as number) * (output[i * outputs + c] as number);
      }
      residual[j * outputs + c] = sum / width - (y[j * outputs + c] as number);
    }
  }
  return residual;
}

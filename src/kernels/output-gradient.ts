import type { Activation } from '../../shaders/activations.js';
import {
  OUTPUT_GRADIENT_THREADS,
  outputGradientShader,
} from '../../shaders/output-gradient.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface OutputGradient {
  /** H [m × N]; overwritten by (R Bᵀ) ∘ σ′(H). */
  readonly activations: Matrix;
  /** R [m × C]. */
  readonly residual: Matrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** [slices × N × C], written: HᵀR of each slice of examples. */
  readonly gradient: GpuBuffer;
  readonly activation: Activation;
}

/**
 * Examples that one thread runs through: few enough to fill a GPU with threads, and many enough
 * that a thread is worth its start.
 */
export const GRADIENT_SLICE_ROWS = 128;

/** Slices into which a minibatch of m examples is cut. */
export function gradientSlices(m: number): number {
  return Math.ceil(m / GRADIENT_SLICE_ROWS);
}

/**
 * Prepares the output layer's backward pass over a minibatch of m examples, R being the loss's gradient
 * at the outputs: gradient [slice] = HᵀR of each slice of examples, and H ← (R Bᵀ) ∘ σ′(H).
 *
 * 4 m N C + 3 m N operations; the least that must move is 4 (2 m N + m C + 2 N C) bytes: H in and
 * out, R, B and the gradient.
 */
export async function prepareOutputGradient(
  device: Device,
  { activations, residual, weights, gradient, activation }: OutputGradient,
): Promise<
  (commands: Commands, call: { readonly m: number; readonly firstSlice: number }) => void
> {
  const { rows: n, columns: outputs } = weights;
  const kernel = await prepareKernel(device, outputGradientShader({ outputs, activation }), {
    activations: activations.buffer,
    residual: residual.buffer,
    weights: weights.buffer,
    gradient,
  });
  const across = Math.ceil(n / OUTPUT_GRADIENT_THREADS);
  return (commands, { m, firstSlice }) =>
    commands.dispatch(
      kernel,
      {
        m,
        n,
        activations_stride: activations.stride,
        residual_stride: residual.stride,
        weights_stride: weights.stride,
        slice_rows: GRADIENT_SLICE_ROWS,
        first_slice: firstSlice,
      },
      across * gradientSlices(m),
      4 * m * n * outputs,
    );
}

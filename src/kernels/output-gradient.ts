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
  /** H [m × N]; overwritten by (R Bᵀ) ∘ σ′(H). How many rows there are decides the slices. */
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
 * Examples that one thread runs through at least: few enough that narrow layers, too, fill a GPU with
 * threads, and many enough that a thread is worth its start.
 */
const LEAST_ROWS = {
  hardware: (width: number) => Math.min(Math.max(16, Math.ceil(width / 64)), 128),
  software: () => 128,
} as const;
/** A GPU is full of threads with so many slices; more would only have to be added up. */
const MOST_SLICES = { hardware: 128, software: Number.POSITIVE_INFINITY } as const;

/** The activations that are run through: up to so many examples of so many neurons. */
export interface GradientExtent {
  readonly rows: number;
  readonly width: number;
}

/** Examples of a slice. */
export function gradientSliceRows(
  { adapter: { kind } }: Device,
  { rows, width }: GradientExtent,
): number {
  return Math.max(LEAST_ROWS[kind](width), Math.ceil(rows / MOST_SLICES[kind]));
}

/** Slices into which m of the examples are cut. */
export function gradientSlices(device: Device, extent: GradientExtent, m = extent.rows): number {
  return Math.ceil(m / gradientSliceRows(device, extent));
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
  const extent = { rows: activations.rows, width: n };
  return (commands, { m, firstSlice }) =>
    commands.dispatch(
      kernel,
      {
        m,
        n,
        activations_stride: activations.stride,
        residual_stride: residual.stride,
        weights_stride: weights.stride,
        slice_rows: gradientSliceRows(device, extent),
        first_slice: firstSlice,
      },
      across * gradientSlices(device, extent, m),
      4 * m * n * outputs,
    );
}

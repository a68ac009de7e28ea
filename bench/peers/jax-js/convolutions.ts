import { jit, lax, numpy as np, type Array as Tensor } from '@jax-js/jax';
import type { ConvolutionTask, PeerProgram } from '../peer.js';
import { permuted } from '../permute.js';
import { product } from './products.js';

/** It has channels before positions, and its weights as PyTorch has them. */
export function convolution(task: ConvolutionTask) {
  const { images, size, channels, outputs, kernel, stride, padding, outputSize } = task;
  const convolve = (x: Tensor, w: Tensor) =>
    lax.convGeneralDilated(x, w, [stride, stride], around(padding, padding));
  return positionsFirst(
    product(
      jit(convolve),
      np
        .array(permuted(task.input, [images, size, size, channels], [0, 3, 1, 2]))
        .reshape([images, channels, size, size]),
      np.array(task.weight).reshape([outputs, channels, kernel, kernel]),
    ),
    [images, outputs, outputSize, outputSize],
  );
}

/** By the convolution that its `grad` makes of it, over the gradient spread out by the stride. */
export function convolutionDataGradient(task: ConvolutionTask) {
  const { images, size, channels, outputs, kernel, stride, padding, outputSize } = task;
  const before = kernel - 1 - padding;
  const behind = before + remainder(task);
  const convolve = (g: Tensor, w: Tensor) =>
    lax.convGeneralDilated(g, w, [1, 1], around(before, behind), {
      lhsDilation: [stride, stride],
    });
  // Every filter turned around.
  const turned = permuted(task.weight, [outputs, channels, kernel * kernel], [1, 0, 2]);
  for (let first = 0; first < turned.length; first += kernel ** 2) {
    turned.subarray(first, first + kernel ** 2).reverse();
  }
  return positionsFirst(
    product(
      jit(convolve),
      np
        .array(permuted(task.gradient, [images, outputSize, outputSize, outputs], [0, 3, 1, 2]))
        .reshape([images, outputs, outputSize, outputSize]),
      np.array(turned).reshape([channels, outputs, kernel, kernel]),
    ),
    [images, channels, size, size],
  );
}

/** By the convolution that its `grad` makes of it, with images in the place of channels. */
export async function convolutionWeightGradient(
  task: ConvolutionTask,
): Promise<PeerProgram<Float32Array>> {
  const { images, size, channels, outputs, kernel, stride, padding, outputSize } = task;
  const convolve = (x: Tensor, g: Tensor) =>
    lax.convGeneralDilated(x, g, [1, 1], around(padding, padding - remainder(task)), {
      rhsDilation: [stride, stride],
    });
  const program = await product(
    jit(convolve),
    np
      .array(permuted(task.input, [images, size, size, channels], [3, 0, 1, 2]))
      .reshape([channels, images, size, size]),
    np
      .array(permuted(task.gradient, [images, outputSize, outputSize, outputs], [3, 0, 1, 2]))
      .reshape([outputs, images, outputSize, outputSize]),
  );
  return reordered(program, [channels, outputs, kernel, kernel], [1, 0, 2, 3]);
}

function around(before: number, behind: number): [number, number][] {
  return [
    [before, behind],
    [before, behind],
  ];
}

/** Rows at the end of the padded input that no window reaches. */
function remainder({ size, kernel, stride, padding }: ConvolutionTask): number {
  return (size + 2 * padding - kernel) % stride;
}

async function positionsFirst(
  program: Promise<PeerProgram<Float32Array>>,
  shape: readonly number[],
): Promise<PeerProgram<Float32Array>> {
  return reordered(await program, shape, [0, 2, 3, 1]);
}

/** The program with its answer's axes in another order. */
function reordered(
  program: PeerProgram<Float32Array>,
  shape: readonly number[],
  order: readonly number[],
): PeerProgram<Float32Array> {
  return { ...program, answer: async () => permuted(await program.answer(), shape, order) };
}

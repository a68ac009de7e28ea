import * as tf from '@tensorflow/tfjs-core';
import { conv2DBackpropFilter } from '@tensorflow/tfjs-core/dist/ops/conv2d_backprop_filter.js';
import { conv2DBackpropInput } from '@tensorflow/tfjs-core/dist/ops/conv2d_backprop_input.js';
import type { ConvolutionTask, PeerProgram } from '../peer.js';
import { permuted } from '../permute.js';
import { product } from './products.js';

/** It has channels last, and of weights the outputs last. */
export function convolution(task: ConvolutionTask) {
  const { stride, padding } = task;
  return product(
    (x: tf.Tensor4D, w: tf.Tensor4D) => tf.conv2d(x, w, stride, padding),
    inputOn(task),
    weightOn(task),
  );
}

/** The kernel that its gradient function calls. */
export function convolutionDataGradient(task: ConvolutionTask) {
  const { images, size, channels, stride, padding } = task;
  return product(
    (g: tf.Tensor4D, w: tf.Tensor4D) =>
      conv2DBackpropInput([images, size, size, channels], g, w, stride, padding),
    gradientOn(task),
    weightOn(task),
  );
}

/** The kernel that its gradient function calls. */
export async function convolutionWeightGradient(
  task: ConvolutionTask,
): Promise<PeerProgram<Float32Array>> {
  const { channels, outputs, kernel, stride, padding } = task;
  const program = await product(
    (x: tf.Tensor4D, g: tf.Tensor4D) =>
      conv2DBackpropFilter(x, g, [kernel, kernel, channels, outputs], stride, padding),
    inputOn(task),
    gradientOn(task),
  );
  const shape = [kernel, kernel, channels, outputs];
  return { ...program, answer: async () => permuted(await program.answer(), shape, [3, 2, 0, 1]) };
}

function inputOn({ images, size, channels, input }: ConvolutionTask): tf.Tensor4D {
  return tf.tensor4d(input, [images, size, size, channels]);
}

function gradientOn({ images, outputSize, outputs, gradient }: ConvolutionTask): tf.Tensor4D {
  return tf.tensor4d(gradient, [images, outputSize, outputSize, outputs]);
}

function weightOn({ channels, outputs, kernel, weight }: ConvolutionTask): tf.Tensor4D {
  const turned = permuted(weight, [outputs, channels, kernel, kernel], [2, 3, 1, 0]);
  return tf.tensor4d(turned, [kernel, kernel, channels, outputs]);
}

import type { Bounded } from './bound.js';
import { type ConvolutionProblem, convolutionReference, type OutputPlace } from './convolution.js';

/** A convolution in which each channel is a group: weight (c, 0, ky, kx), as PyTorch shapes it. */
export type DepthwiseProblem = Omit<ConvolutionProblem, 'groups'>;

/** σ(x ∗ weight + bias) in float64 at these places, with the bound of a float32 kernel. */
export function depthwiseReference(
  problem: DepthwiseProblem,
  places: readonly OutputPlace[],
): Bounded {
  return convolutionReference({ ...problem, groups: problem.input.channels }, places);
}

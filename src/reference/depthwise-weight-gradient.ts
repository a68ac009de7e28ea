import { type Bounded, sumBound } from './bound.js';
import type { MapElement } from './convolution.js';
import { type DepthwiseGradientProblem, depthwisePlaces } from './depthwise-data-gradient.js';

export interface DepthwiseWeightGradientProblem extends DepthwiseGradientProblem {
  readonly x: MapElement;
}

/** ∂L / ∂ weight [taps × channels] in float64, with the bound of a float32 kernel. */
export function depthwiseWeightGradientReference(problem: DepthwiseWeightGradientProblem): Bounded {
  const { images, channels, output, kernel, gradient, x } = problem;
  const value = new Float64Array(kernel[0] * kernel[1] * channels);
  const magnitude = new Float64Array(value.length);
  for (const place of depthwisePlaces(problem)) {
    const { image, channel, tap } = place;
    const at = (tap[0] * kernel[1] + tap[1]) * channels + channel;
    const product = gradient(image, ...place.output, channel) * x(image, ...place.input, channel);
    value[at] = (value[at] ?? Number.NaN) + product;
    magnitude[at] = (magnitude[at] ?? Number.NaN) + Math.abs(product);
  }
  const terms = images * output.height * output.width;
  return { value, bound: magnitude.map((sum) => sumBound(terms, sum)) };
}

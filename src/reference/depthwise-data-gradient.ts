import { type Bounded, sumBound } from './bound.js';
import type { MapElement } from './convolution.js';

export interface DepthwiseGradientProblem {
  readonly images: number;
  readonly channels: number;
  readonly input: { readonly height: number; readonly width: number };
  readonly output: { readonly height: number; readonly width: number };
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly top: number;
  readonly left: number;
  /** ∂L / ∂ output. */
  readonly gradient: MapElement;
}

export interface DepthwiseDataGradientProblem extends DepthwiseGradientProblem {
  /** Weight (channel, row, column). */
  readonly weight: (c: number, ky: number, kx: number) => number;
  /** What the gradient is added to [images · height · width × channels]. */
  readonly before?: ArrayLike<number> | undefined;
}

/** One product of the forward pass. */
export interface DepthwisePlace {
  readonly image: number;
  readonly channel: number;
  /** Row and column of the output, of the input, and of the filter. */
  readonly output: readonly [number, number];
  readonly input: readonly [number, number];
  readonly tap: readonly [number, number];
}

/** [before +] ∂L / ∂ input, each output's gradient handed out to its window, with float32's bound. */
export function depthwiseDataGradientReference(problem: DepthwiseDataGradientProblem): Bounded {
  const { images, channels, input, kernel, gradient, weight, before } = problem;
  const size = images * input.height * input.width * channels;
  const value = Float64Array.from({ length: size }, (_, at) => before?.[at] ?? 0);
  const magnitude = value.map(Math.abs);
  for (const place of depthwisePlaces(problem)) {
    const { image, channel, output, tap } = place;
    const [y, x] = place.input;
    const at = ((image * input.height + y) * input.width + x) * channels + channel;
    const product = gradient(image, ...output, channel) * weight(channel, ...tap);
    value[at] = (value[at] ?? Number.NaN) + product;
    magnitude[at] = (magnitude[at] ?? Number.NaN) + Math.abs(product);
  }
  return { value, bound: magnitude.map((sum) => sumBound(kernel[0] * kernel[1] + 1, sum)) };
}

/** All products of the forward pass but those with zeros around the input. */
export function* depthwisePlaces(problem: DepthwiseGradientProblem): Generator<DepthwisePlace> {
  const { images, channels, input, output, kernel, stride, top, left } = problem;
  const taps = kernel[0] * kernel[1];
  const count = images * output.height * output.width * taps;
  for (let index = 0; index < count; index++) {
    const tap = [Math.floor((index % taps) / kernel[1]), index % kernel[1]] as const;
    const position = Math.floor(index / taps);
    const line = Math.floor(position / output.width);
    const [u, v] = [line % output.height, position % output.width];
    const [y, x] = [u * stride[0] + tap[0] - top, v * stride[1] + tap[1] - left];
    if (y < 0 || y >= input.height || x < 0 || x >= input.width) continue;
    const image = Math.floor(line / output.height);
    for (let channel = 0; channel < channels; channel++) {
      yield { image, channel, output: [u, v], input: [y, x], tap };
    }
  }
}

import type { MapActivation } from '../../shaders/activations.js';
import { activate, activationError, steepestSlope } from './activation.js';
import { type Bounded, sumBound } from './bound.js';

/** Value (image, row, column, channel) of a map. */
export type MapElement = (image: number, y: number, x: number, channel: number) => number;

export interface ConvolutionProblem {
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly output: { readonly height: number; readonly width: number; readonly channels: number };
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly top: number;
  readonly left: number;
  readonly groups: number;
  readonly x: MapElement;
  /** Weight (output, channel of its group, row, column), as PyTorch shapes it. */
  readonly weight: (o: number, c: number, ky: number, kx: number) => number;
  readonly bias?: ((o: number) => number) | undefined;
  readonly residual?: MapElement | undefined;
  readonly activation: MapActivation;
}

/** A position of the output, and its channel. */
export type OutputPlace = readonly [image: number, y: number, x: number, channel: number];

/** σ(x ∗ weight + bias + residual) in float64 at these places, with the bound of a float32 kernel. */
export function convolutionReference(
  problem: ConvolutionProblem,
  places: readonly OutputPlace[],
): Bounded {
  const value = new Float64Array(places.length);
  const bound = new Float64Array(places.length);
  const { activation, bias, residual } = problem;
  places.forEach((place, index) => {
    const [image, y, x, o] = place;
    const terms = [...products(problem, place), bias?.(o) ?? 0, residual?.(image, y, x, o) ?? 0];
    let sum = 0;
    let magnitude = 0;
    for (const term of terms) {
      sum += term;
      magnitude += Math.abs(term);
    }
    const error = sumBound(terms.length, magnitude);
    value[index] = activate(activation, sum);
    bound[index] =
      error * steepestSlope(activation) + activationError(activation, Math.abs(sum) + error);
  });
  return { value, bound };
}

/** All places of the first images, in the order in which a map holds them. */
export function mapPlaces(
  images: number,
  { height, width, channels }: ConvolutionProblem['output'],
): readonly OutputPlace[] {
  return Array.from({ length: images * height * width * channels }, (_, at) => {
    const position = Math.floor(at / channels);
    const line = Math.floor(position / width);
    return [Math.floor(line / height), line % height, position % width, at % channels] as const;
  });
}

function products(problem: ConvolutionProblem, [image, u, v, o]: OutputPlace): readonly number[] {
  const { input, output, kernel, stride, top, left, groups, x, weight } = problem;
  const channels = input.channels / groups;
  const first = Math.floor(o / (output.channels / groups)) * channels;
  const terms: number[] = [];
  for (let ky = 0; ky < kernel[0]; ky++) {
    for (let kx = 0; kx < kernel[1]; kx++) {
      const iy = u * stride[0] + ky - top;
      const ix = v * stride[1] + kx - left;
      if (iy < 0 || iy >= input.height || ix < 0 || ix >= input.width) continue;
      for (let c = 0; c < channels; c++) {
        terms.push(x(image, iy, ix, first + c) * weight(o, c, ky, kx));
      }
    }
  }
  return terms;
}

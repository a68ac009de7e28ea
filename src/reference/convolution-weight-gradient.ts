import { type Bounded, sumBound } from './bound.js';
import type { ConvolutionProblem, MapElement } from './convolution.js';

export interface WeightGradientProblem
  extends Pick<
    ConvolutionProblem,
    'input' | 'output' | 'kernel' | 'stride' | 'top' | 'left' | 'groups' | 'x'
  > {
  readonly images: number;
  /** Gradient of the output. */
  readonly gradient: MapElement;
}

/** Row and column of the filter, channel of its group, output. */
export type WeightPlace = readonly [ky: number, kx: number, channel: number, output: number];

/**
 * The gradient of these weights in float64, with the bound of float32 sums in any order, added up
 * from any number of slices.
 */
export function weightGradientReference(
  problem: WeightGradientProblem,
  places: readonly WeightPlace[],
): Bounded {
  const { images, input, output, stride, top, left, groups, x, gradient } = problem;
  const channels = input.channels / groups;
  const outputs = output.channels / groups;
  const value = new Float64Array(places.length);
  const bound = new Float64Array(places.length);
  places.forEach(([ky, kx, c, o], index) => {
    const channel = Math.floor(o / outputs) * channels + c;
    let sum = 0;
    let magnitude = 0;
    for (let n = 0; n < images; n++) {
      for (let u = 0; u < output.height; u++) {
        const y = u * stride[0] + ky - top;
        if (y < 0 || y >= input.height) continue;
        for (let v = 0; v < output.width; v++) {
          const column = v * stride[1] + kx - left;
          if (column < 0 || column >= input.width) continue;
          const product = x(n, y, column, channel) * gradient(n, u, v, o);
          sum += product;
          magnitude += Math.abs(product);
        }
      }
    }
    value[index] = sum;
    bound[index] = sumBound(images * output.height * output.width, magnitude);
  });
  return { value, bound };
}

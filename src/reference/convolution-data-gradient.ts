import { type Bounded, sumBound } from './bound.js';
import type { ConvolutionProblem, MapElement, OutputPlace } from './convolution.js';

export interface DataGradientProblem
  extends Pick<
    ConvolutionProblem,
    'input' | 'output' | 'kernel' | 'stride' | 'top' | 'left' | 'groups' | 'weight'
  > {
  /** Gradient of the output. */
  readonly gradient: MapElement;
  /** What it is added to. */
  readonly before?: MapElement | undefined;
}

/** The gradient of the input in float64 at these of its places, with the bound of a float32 kernel. */
export function dataGradientReference(
  problem: DataGradientProblem,
  places: readonly OutputPlace[],
): Bounded {
  const value = new Float64Array(places.length);
  const bound = new Float64Array(places.length);
  const { before } = problem;
  places.forEach((place, index) => {
    const terms = [...contributions(problem, place), before?.(...place) ?? 0];
    let magnitude = 0;
    let sum = 0;
    for (const term of terms) {
      sum += term;
      magnitude += Math.abs(term);
    }
    value[index] = sum;
    bound[index] = sumBound(terms.length, magnitude);
  });
  return { value, bound };
}

/** What each output that read this input gives it: the chain rule, output by output. */
function contributions(problem: DataGradientProblem, place: OutputPlace): readonly number[] {
  const { input, output, kernel, stride, top, left, groups, gradient, weight } = problem;
  const [image, y, x, channel] = place;
  const channels = input.channels / groups;
  const outputs = output.channels / groups;
  const group = Math.floor(channel / channels);
  const terms: number[] = [];
  for (let u = 0; u < output.height; u++) {
    const ky = y + top - u * stride[0];
    if (ky < 0 || ky >= kernel[0]) continue;
    for (let v = 0; v < output.width; v++) {
      const kx = x + left - v * stride[1];
      if (kx < 0 || kx >= kernel[1]) continue;
      for (let o = group * outputs; o < (group + 1) * outputs; o++) {
        terms.push(gradient(image, u, v, o) * weight(o, channel % channels, ky, kx));
      }
    }
  }
  return terms;
}

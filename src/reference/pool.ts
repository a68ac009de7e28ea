import { exactly, over, total, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface PoolProblem {
  readonly kind: 'max' | 'average';
  readonly countPads: boolean;
  readonly images: number;
  readonly channels: number;
  readonly input: { readonly height: number; readonly width: number };
  readonly output: { readonly height: number; readonly width: number };
  readonly kernel: readonly [rows: number, columns: number];
  readonly stride: readonly [rows: number, columns: number];
  readonly top: number;
  readonly left: number;
  /** Values [images · height · width × channels]. */
  readonly x: ArrayLike<number>;
}

/** Every window's largest number or mean, in the order of a map, with the bound of a float32 kernel. */
export function poolReference(problem: PoolProblem): Bounded {
  const { kind, countPads, kernel, x } = problem;
  return valuesWithBounds(
    windowsOfPool(problem).map((taps) => {
      const values = taps.map((at) => exactly(x[at] ?? Number.NaN));
      if (kind === 'max') return exactly(Math.max(...values.map(({ value }) => value)));
      return over(total(values), exactly(countPads ? kernel[0] * kernel[1] : taps.length));
    }),
  );
}

/** For every output number in the order of its map, where the numbers of its window lie in x. */
export function windowsOfPool(problem: PoolProblem): readonly (readonly number[])[] {
  const { images, channels, input, output, kernel, stride, top, left } = problem;
  const windows: number[][] = [];
  for (let image = 0; image < images; image++) {
    for (let v = 0; v < output.height; v++) {
      for (let u = 0; u < output.width; u++) {
        for (let channel = 0; channel < channels; channel++) {
          const taps: number[] = [];
          for (let ky = 0; ky < kernel[0]; ky++) {
            for (let kx = 0; kx < kernel[1]; kx++) {
              const y = v * stride[0] + ky - top;
              const across = u * stride[1] + kx - left;
              if (y < 0 || y >= input.height || across < 0 || across >= input.width) continue;
              taps.push(((image * input.height + y) * input.width + across) * channels + channel);
            }
          }
          windows.push(taps);
        }
      }
    }
  }
  return windows;
}

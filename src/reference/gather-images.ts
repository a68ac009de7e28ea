import { mixed } from '../random.js';
import { type Approx, plus, rounded, times, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';

export interface GatherImagesProblem {
  readonly height: number;
  readonly width: number;
  /** Of each channel. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Bytes [n · height · width · channels]. */
  readonly pixels: Uint8Array;
  /** Images to gather, in this order. */
  readonly images: ArrayLike<number>;
  /** `pixels` has these images alone, in this order. */
  readonly packed?: boolean;
  /** What crops and mirrorings hang on; without it images stay as they are. */
  readonly key?: number | undefined;
}

/** What chance decides of an image. */
export interface CropAndFlip {
  /** Rows and columns by which the crop lies below and right of the image, −4 to 4. */
  readonly down: number;
  readonly across: number;
  readonly mirrored: boolean;
}

/** Half the scale of offsets: the border of the image that may be in the crop. */
const PADDING = 4;

/** The draw of an image by its index: uniform but for 1 in 10,000, as the halves of a hash are. */
export function cropAndFlip(key: number, image: number): CropAndFlip {
  const chance = mixed(mixed(image) ^ key) >>> 0;
  const offset = (half: number) => Math.floor((half * (2 * PADDING + 1)) / 2 ** 16) - PADDING;
  return {
    down: offset(Math.floor(chance / 2 ** 16)),
    across: offset(chance % 2 ** 16),
    mirrored: mixed(chance) < 0,
  };
}

/** (pixel / 255 − mean) / deviation [images · height · width × channels] with float32's bound. */
export function gatherImagesReference(problem: GatherImagesProblem): Bounded {
  const { height, width, mean, images, packed = false, key } = problem;
  const channels = mean.length;
  const numbers: Approx[] = [];
  for (let i = 0; i < images.length; i++) {
    const image = images[i] ?? Number.NaN;
    const { down, across, mirrored } =
      key === undefined ? { down: 0, across: 0, mirrored: false } : cropAndFlip(key, image);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const column = (mirrored ? width - 1 - x : x) + across;
        const row = y + down;
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        const at = (((packed ? i : image) * height + row) * width + column) * channels;
        for (let c = 0; c < channels; c++) {
          numbers.push(normalised(problem, inside ? problem.pixels[at + c] : 0, c));
        }
      }
    }
  }
  return valuesWithBounds(numbers);
}

/** pixel / 255 · (1 / deviation) + (−mean / deviation), the factor and the summand being float32. */
function normalised(
  { mean, deviation }: GatherImagesProblem,
  pixel: number | undefined,
  c: number,
): Approx {
  const spread = deviation[c] ?? Number.NaN;
  // WGSL's unpack4x8unorm may be off by 3 ulp.
  const share = rounded((pixel ?? Number.NaN) / 255, 0, 3);
  const scale = rounded(1 / spread, 0);
  const shift = rounded(-(mean[c] ?? Number.NaN) / spread, 0);
  return plus(times(share, scale), shift);
}

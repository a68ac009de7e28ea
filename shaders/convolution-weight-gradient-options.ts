import type { MatmulVariant } from './matmul-options.js';

/**
 * Two sizes. In the variant `tiled`: a workgroup's rows of the gradient (taps and channels), and
 * its outputs. In `subgroup` and `lanes`: the positions that a turn of the loop takes, and the
 * channels of the lanes that pass numbers on to each other.
 */
export type WeightGradientTile = readonly [number, number];

export interface WeightGradientOptions {
  readonly variant: MatmulVariant;
  readonly tile: WeightGradientTile;
  /** Columns of the window and its step along them: a software adapter's loop is unrolled by them. */
  readonly taps: number;
  readonly step: number;
  /** Each output reads the channels of its group alone. */
  readonly grouped: boolean;
}

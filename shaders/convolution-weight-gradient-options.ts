import type { MatmulVariant } from './matmul-options.js';

/**
 * Rows of the gradient (taps and channels) and outputs of a workgroup of the variant `tiled`. In
 * `subgroup` and `lanes`: positions that a turn of the loop takes, and channels of the lanes that
 * pass numbers on to each other.
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

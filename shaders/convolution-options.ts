import type { MapActivation } from './activations.js';
import type { MatmulVariant } from './matmul-options.js';

/**
 * Positions and output channels that are computed at once. In the variant `tiled` both are a
 * workgroup's. In `subgroup` and `lanes` the positions are one lane's, and the channels those of
 * the lanes that pass numbers on to each other.
 */
export type ConvolutionTile = readonly [positions: number, outputs: number];

export interface ConvolutionOptions {
  readonly variant: MatmulVariant;
  readonly tile: ConvolutionTile;
  /** Columns of the window and its step along them: a software adapter's loop is unrolled by them. */
  readonly taps: number;
  readonly step: number;
  /** Each output reads the channels of its group alone. */
  readonly grouped: boolean;
  readonly bias: boolean;
  /** What is added before the activation: another map, or what `out` holds. */
  readonly addend: 'none' | 'residual' | 'out';
  readonly activation: MapActivation;
}

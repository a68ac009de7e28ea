import type { MapActivation } from './activations.js';
import type { MatmulVariant } from './matmul-options.js';

/**
 * Positions and output channels that are computed at once: by a workgroup of the variant `tiled`;
 * by a lane in its own row of positions, and by the lanes that pass numbers on to each other, in
 * `subgroup` and `lanes`.
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

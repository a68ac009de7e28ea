import { SCORE_INIT_THREADS, scoreInitShader } from '../../shaders/score-init.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface ScoreInit {
  /** [slices × (C + 1) × stride]: Gram rows of the targets, and the columns' squares. */
  readonly products: GpuBuffer;
  readonly stride: number;
  readonly slices: number;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** (⟨φ_i, y⟩, ‖φ_i‖²) twice [N × 4], written. */
  readonly innerProducts: GpuBuffer;
  /** [N], written. */
  readonly scores: GpuBuffer;
  /** Cache slot of each neuron [N], all emptied. */
  readonly slots: GpuBuffer;
  /** Judges each neuron with its best weight instead of weight 1. */
  readonly fitted?: boolean;
}

/**
 * Prepares what selection knows of each neuron before the first pick:
 *
 *     q = ⟨φ_i, y⟩ = B_i · (H_i Y),   d = ‖φ_i‖² = ‖B_i‖² ‖h_i‖²
 *     innerProducts_i = (q, d, q, d),   score_i = d − 2 q, or −q² / d when fitted
 *
 * N ((slices − 1) (C + 1) + 4 C + 3) operations; the least that must move is
 * 4 N (slices (C + 1) + C + 6) bytes: the products, B, and inner products, score and slot of each.
 */
export async function prepareScoreInit(
  device: Device,
  { products, stride, slices, weights, innerProducts, scores, slots, fitted = false }: ScoreInit,
): Promise<(commands: Commands) => void> {
  const { rows: n, columns: outputs } = weights;
  const kernel = await prepareKernel(device, scoreInitShader({ outputs, fitted }), {
    products,
    weights: weights.buffer,
    innerProducts,
    scores,
    slots,
  });
  return (commands) =>
    commands.dispatch(
      kernel,
      { n, slices, products_stride: stride, weights_stride: weights.stride },
      Math.ceil(n / SCORE_INIT_THREADS),
      n * (slices + 4) * (outputs + 1),
    );
}

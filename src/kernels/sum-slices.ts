import { SUM_SLICES_THREADS, sumSlicesShader } from '../../shaders/sum-slices.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import type { RowWalkVariant } from './row-walk.js';
import { rowWalkVariant } from './variant.js';

export interface SumSlices {
  /** [slices · rows × C], one slice below the other. */
  readonly parts: Matrix;
  /** [rows × C], written. */
  readonly sum: Matrix;
  /** With `blocks` a thread adds up all slices of a number; with `interleaved` a workgroup shares them. */
  readonly variant?: RowWalkVariant | undefined;
}

/**
 * Prepares sum = Σ parts over so many slices; what pads its rows becomes zero. With s slices of
 * W numbers s W operations; the least that must move is 4 (s + 1) W bytes.
 */
export async function prepareSumSlices(
  device: Device,
  { parts, sum, variant = rowWalkVariant(device) }: SumSlices,
): Promise<(commands: Commands, call: { readonly slices: number }) => void> {
  const { rows, columns, stride } = sum;
  const most = parts.rows / rows;
  const sharedBy = variant === 'interleaved' ? (most > 64 ? 256 : 64) : undefined;
  const kernel = await prepareKernel(device, sumSlicesShader({ sharedBy }), {
    parts: parts.buffer,
    sum: sum.buffer,
  });
  const elements = (rows * stride) / 4;
  return (commands, { slices }) =>
    commands.dispatch(
      kernel,
      { slices, rows, columns, vectors: stride / 4 },
      sharedBy ? elements : Math.ceil(elements / SUM_SLICES_THREADS),
      slices * rows * columns,
    );
}

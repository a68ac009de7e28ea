import { CACHE_ROWS_THREADS, cacheRowsShader } from '../../shaders/cache-rows.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';

export interface CacheRows {
  readonly state: GpuBuffer;
  /** [slices × p × stride]: the Gram rows just computed, in slices. */
  readonly products: GpuBuffer;
  readonly stride: number;
  readonly slices: number;
  /** p. */
  readonly columns: number;
  /** [capacity × N], the Gram rows kept. */
  readonly cache: GpuBuffer;
  readonly capacity: number;
  /** N. */
  readonly width: number;
}

/**
 * Prepares keeping the Gram rows that were just computed: cache [slot + q] = Σ_slices products [q]
 * for the q-th of up to p rows, the slots from the pick's on and round the end. N p (slices − 1)
 * operations; the least that must move is 4 N p (slices + 1) bytes. Nothing where none is pending.
 */
export async function prepareCacheRows(
  device: Device,
  { state, products, stride, slices, columns: p, cache, capacity, width: n }: CacheRows,
): Promise<(commands: Commands) => void> {
  const kernel = await prepareKernel(device, cacheRowsShader(), { state, products, cache });
  return (commands) =>
    commands.dispatch(
      kernel,
      { n, p, slices, capacity, products_stride: stride },
      p * Math.ceil(n / CACHE_ROWS_THREADS),
      n * slices * p,
    );
}

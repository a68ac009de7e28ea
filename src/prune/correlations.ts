import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import { chunkSlices, sliceCount } from '../kernels/example-slices.js';
import { prepareGramRows } from '../kernels/gram-rows.js';
import type { ActivationChunk, Activations } from './activations.js';

export interface CorrelationsContext {
  readonly device: Device;
  /** Owns what is allocated. */
  readonly scope: Scope;
  readonly activations: Activations;
  /** [m × C], such as the targets or a network's residual. */
  readonly block: Matrix;
  /** Is encoded for each chunk while it is loaded. */
  readonly alongside?: ((commands: Commands, chunk: ActivationChunk) => void) | undefined;
}

/** A pass over the activations H that correlates each neuron with the columns of a block. */
export interface Correlations {
  /** [slices × (C + 1) × stride]; their sum is blockᵀ H and, as the last row, Σ_j h_ji². */
  readonly products: GpuBuffer;
  readonly stride: number;
  readonly slices: number;
  /**
   * Encodes the pass. A long pass is also submitted, in parts.
   *
   * @throws aborted between submits when the signal fires.
   */
  encode(commands: Commands, signal?: AbortSignal): Promise<void>;
}

export async function prepareCorrelations({
  device,
  scope,
  activations,
  block,
  alongside,
}: CorrelationsContext): Promise<Correlations> {
  const { buffers, chunks } = activations;
  const stride = buffers[0]?.stride ?? 0;
  const slices = chunkSlices(device, chunks);
  const products = scope.buffer('correlation products', slices * (block.columns + 1) * stride);
  const correlate = await Promise.all(
    buffers.map((buffer) =>
      prepareGramRows(device, { block, activations: buffer, products, squares: true }),
    ),
  );
  return {
    products,
    stride,
    slices,
    encode: async (commands, signal) => {
      let firstSlice = 0;
      for (const chunk of chunks) {
        activations.load(commands, chunk);
        correlate[chunk.buffer]?.(commands, {
          blockFirst: chunk.firstRow,
          firstSlice,
          m: chunk.rows,
        });
        alongside?.(commands, chunk);
        firstSlice += sliceCount(device, chunk.rows);
        await commands.submitIfFull(signal);
      }
    },
  };
}

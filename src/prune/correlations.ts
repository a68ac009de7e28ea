import { type GpuBuffer, readFloats } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { type Matrix, readMatrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import { chunkSlices, sliceCount } from '../kernels/example-slices.js';
import { prepareGramRows } from '../kernels/gram-rows.js';
import type { ActivationChunk, Activations } from './activations.js';

export interface CorrelationsContext {
  readonly device: Device;
  /** Owns what is allocated. */
  readonly scope: Scope;
  readonly activations: Activations;
  /** [m × C], such as the targets; where `fill` is given, the rows of one chunk at a time. */
  readonly block: Matrix;
  /** Encodes what computes a loaded chunk's rows of the block, from the block's first row on. */
  readonly fill?: ((commands: Commands, chunk: ActivationChunk) => void) | undefined;
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
  fill,
  alongside,
}: CorrelationsContext): Promise<Correlations> {
  const { buffers, chunks } = activations;
  const stride = buffers[0]?.stride ?? 0;
  const slices = chunkSlices(device, chunks, activations.columns);
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
        fill?.(commands, chunk);
        correlate[chunk.buffer]?.(commands, {
          blockFirst: fill ? 0 : chunk.firstRow,
          firstSlice,
          m: chunk.rows,
        });
        alongside?.(commands, chunk);
        firstSlice += sliceCount(device, { m: chunk.rows, width: activations.columns });
        await commands.submitIfFull(signal);
      }
    },
  };
}

/** What a pass tells of each neuron, in float64. */
export interface ReadCorrelations {
  /** Σ_j h_ji² [N] */
  readonly squares: Float64Array;
  /** Σ_j h_ji block_jc [C × N] */
  readonly products: Float64Array;
}

/**
 * Makes the pass, adds up its slices and reads them back.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function readCorrelations(
  context: CorrelationsContext,
  signal?: AbortSignal,
): Promise<ReadCorrelations> {
  const { device, activations, block } = context;
  const n = activations.columns;
  const rows = block.columns + 1;
  const { products, stride, slices, encode } = await prepareCorrelations(context);
  const commands = new Commands(device);
  await encode(commands, signal);
  await commands.finish();
  const parts = await readFloats(products);
  const sums = new Float64Array(rows * n);
  for (let row = 0; row < slices * rows; row++) {
    for (let i = 0; i < n; i++) {
      const to = (row % rows) * n + i;
      sums[to] = (sums[to] ?? 0) + (parts[row * stride + i] ?? 0);
    }
  }
  return { products: sums.subarray(0, (rows - 1) * n), squares: sums.subarray((rows - 1) * n) };
}

/** Σ_c term(i, c, b_ic) for every neuron i, with B [N × C] the weights. */
export async function sumOverOutputs(
  weights: Matrix,
  term: (neuron: number, output: number, b: number) => number,
): Promise<Float64Array> {
  const b = await readMatrix(weights);
  const { rows: n, columns } = weights;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += term(i, c, b[i * columns + c] ?? Number.NaN);
    return sum;
  });
}

import { readFloats } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { readMatrix, uploadMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { prepareGatherColumns } from '../kernels/gather-columns.js';
import { prepareMatmul } from '../kernels/matmul.js';
import { networkLossSlices, prepareNetworkLosses } from '../kernels/network-losses.js';
import { MEASURED_ROWS } from './activations.js';
import { exactly, type SelectionProblem } from './problem.js';

/** Outputs of networks that lie on the GPU at once. */
const BLOCK_OUTPUTS = 1024;

/** Mixtures of the same neurons. */
export interface Mixtures {
  /** The n neurons. */
  readonly kept: Uint32Array;
  /** A, row-major [mixtures × n]. */
  readonly shares: Float64Array;
}

/**
 * Measures the loss of several mixtures of the same neurons from their own outputs,
 * f_t(x) = Σ_s A_ts b_s σ(a_s · x). The columns of the chosen neurons are multiplied by the mixtures'
 * weights, a block of examples and of mixtures at a time. The sums at the end are in float64. The
 * squared loss is 1/(2m) Σ‖f − y‖², the cross-entropy the mean over the examples. Where the picks were
 * chosen by rounded activations, the exact ones are measured.
 *
 * @throws aborted between submits when the signal fires.
 */
export async function measureMixtures(
  device: Device,
  problem: SelectionProblem,
  { kept, shares }: Mixtures,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { activations, weights, targets, loss } = exactly(problem);
  const n = kept.length;
  const outputs = weights.columns;
  const count = shares.length / n;
  const networks = Math.min(count, Math.max(1, Math.floor(BLOCK_OUTPUTS / outputs)));
  const rows = Math.min(MEASURED_ROWS, activations.rows);
  using scope = new Scope(device);
  const indices = scope.bufferFrom('kept neurons', Uint32Array.of(n, ...kept));
  const columns = scope.matrix('chosen activations', [rows, n]);
  const mixtures = scope.matrix('mixture weights', [n, networks * outputs]);
  const mixed = scope.matrix('mixture outputs', [rows, networks * outputs]);
  const blocks = activations.chunks.flatMap((chunk) => exampleBlocks(chunk.rows, rows));
  const slices = blocks.reduce((sum, block) => sum + networkLossSlices(block.m), 0);
  const sums = scope.buffer('mixture losses', slices * networks);

  const gather = await Promise.all(
    activations.buffers.map((buffer) =>
      prepareGatherColumns(device, { activations: buffer, indices, block: columns }),
    ),
  );
  const mix = await prepareMatmul(device, { a: columns, b: mixtures, out: mixed });
  const reduce = await prepareNetworkLosses(device, { outputs: mixed, targets, sums, loss });

  const weightsOnCpu = await readMatrix(weights);
  const losses = new Float32Array(count);
  const scale = loss === 'squared' ? 2 * activations.rows : activations.rows;
  for (let start = 0; start < count; start += networks) {
    const width = Math.min(networks, count - start);
    uploadMatrix(
      mixtures,
      mixtureWeights(shares, weightsOnCpu, kept, { start, width, networks, outputs }),
    );
    const commands = new Commands(device);
    let firstSlice = 0;
    for (const chunk of activations.chunks) {
      activations.load(commands, chunk);
      for (const { first, m } of exampleBlocks(chunk.rows, rows)) {
        gather[chunk.buffer]?.(commands, { first, m });
        mix(commands, { m });
        reduce(commands, { m, networks, first: chunk.firstRow + first, firstSlice });
        firstSlice += networkLossSlices(m);
        await commands.submitIfFull(signal);
      }
    }
    await commands.finish();
    const parts = await readFloats(sums);
    for (let network = 0; network < width; network++) {
      let sum = 0;
      for (let slice = 0; slice < slices; slice++) sum += parts[slice * networks + network] ?? 0;
      losses[start + network] = sum / scale;
    }
  }
  return losses;
}

function exampleBlocks(rows: number, size: number): readonly { first: number; m: number }[] {
  return Array.from({ length: Math.ceil(rows / size) }, (_, block) => ({
    first: block * size,
    m: Math.min(size, rows - block * size),
  }));
}

/** A_ts b_sc for the mixtures from `start` on [n × (networks · C)]; those past `width` are zero. */
function mixtureWeights(
  shares: Float64Array,
  weights: Float32Array,
  kept: Uint32Array,
  block: { start: number; width: number; networks: number; outputs: number },
): Float32Array {
  const { start, width, networks, outputs } = block;
  const n = kept.length;
  const mixed = new Float32Array(n * networks * outputs);
  kept.forEach((neuron, s) => {
    for (let t = 0; t < width; t++) {
      const share = shares[(start + t) * n + s] ?? 0;
      for (let c = 0; c < outputs; c++) {
        mixed[(s * networks + t) * outputs + c] = share * (weights[neuron * outputs + c] ?? 0);
      }
    }
  });
  return mixed;
}

import { upload } from '../../gpu/buffer.js';
import type { Device } from '../../gpu/device.js';
import type { Matrix } from '../../gpu/matrix.js';
import { prepareAccumulateOutputs } from '../../kernels/accumulate-outputs.js';
import { NO_SLOT } from '../../kernels/argmin.js';
import { prepareCandidateLoss } from '../../kernels/candidate-loss.js';
import { sliceCount, slicesOf } from '../../kernels/example-slices.js';
import type { ActivationChunk } from '../problem.js';
import type { Oracle, OracleContext } from './oracle.js';

/** Examples that each step looks at: [k × size] of all examples' numbers, ascending in a step. */
export interface ExampleBatches {
  readonly indices: Uint32Array;
  readonly size: number;
}

/** The most examples of a chunk that a step looks at. */
function mostRows(chunk: ActivationChunk, batches: ExampleBatches | undefined): number {
  return Math.min(chunk.rows, batches?.size ?? chunk.rows);
}

/** Slices of scores that a step leaves behind. */
export function directSlices(
  device: Device,
  chunks: readonly ActivationChunk[],
  batches?: ExampleBatches,
): number {
  return slicesOf(
    device,
    chunks.map((chunk) => ({ rows: mostRows(chunk, batches) })),
  );
}

/**
 * Direct evaluation: each step measures every candidate's loss in one pass over the activations,
 * or over a batch of examples. It serves losses that the Gram matrix cannot express.
 */
export async function prepareDirectOracle(
  context: OracleContext,
  batches?: ExampleBatches,
): Promise<Oracle> {
  const { device, scope, problem, buffers } = context;
  const { activations, weights, targets, loss } = problem;
  const { state, scores } = buffers;
  const totals = scope.matrix('selected outputs', targets.rows, targets.columns);
  const rows = batches && splitByChunk(activations.chunks, batches);
  const perChunk = await Promise.all(
    activations.chunks.map(async (chunk, index) => {
      const buffer = activations.buffers[chunk.buffer] as Matrix;
      const listed = rows?.[index];
      return {
        chunk,
        listed,
        judge: await prepareCandidateLoss(device, {
          activations: buffer,
          weights,
          targets,
          totals,
          scores,
          loss,
          rows: listed && scope.bufferOf('selection batches', listed.rows),
        }),
        add: await prepareAccumulateOutputs(device, {
          state,
          activations: buffer,
          weights,
          totals,
        }),
      };
    }),
  );
  return {
    begin: async () => {
      upload(buffers.slots, new Uint32Array(activations.columns).fill(NO_SLOT));
    },
    score: (commands, step) => {
      let firstSlice = 0;
      for (const { chunk, listed, judge } of perChunk) {
        activations.load(commands, chunk);
        const most = mostRows(chunk, batches);
        judge(commands, {
          first: chunk.firstRow,
          firstSlice,
          count: step + 1,
          m: chunk.rows,
          ...(listed && { listed: { ...stepOf(listed.starts, step), most } }),
        });
        firstSlice += sliceCount(device, most);
      }
    },
    take: (commands) => {
      for (const { chunk, add } of perChunk) {
        activations.load(commands, chunk);
        add(commands, chunk.firstRow);
      }
    },
    bringsRows: false,
    passes: (picks) => picks,
  };
}

function stepOf(starts: readonly number[], step: number) {
  const first = starts[step] ?? 0;
  return { first, count: (starts[step + 1] ?? first) - first };
}

/** Each chunk's share of the batches: its own rows, and where each step's begin. */
function splitByChunk(
  chunks: readonly ActivationChunk[],
  { indices, size }: ExampleBatches,
): readonly { rows: Uint32Array; starts: readonly number[] }[] {
  return chunks.map(({ firstRow, rows: count }) => {
    const rows: number[] = [];
    const starts = [0];
    for (let first = 0; first < indices.length; first += size) {
      for (const example of indices.subarray(first, first + size)) {
        if (example >= firstRow && example < firstRow + count) rows.push(example - firstRow);
      }
      starts.push(rows.length);
    }
    return { rows: Uint32Array.from(rows), starts };
  });
}

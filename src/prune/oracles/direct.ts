import { upload } from '../../gpu/buffer.js';
import type { Device } from '../../gpu/device.js';
import type { Matrix } from '../../gpu/matrix.js';
import { prepareAccumulateOutputs } from '../../kernels/accumulate-outputs.js';
import { prepareCandidateLoss } from '../../kernels/candidate-loss.js';
import { chunkSlices, sliceCount } from '../../kernels/example-slices.js';
import { NO_SLOT } from '../../kernels/pick.js';
import type { ActivationChunk, Activations } from '../activations.js';
import type { Oracle, OracleContext } from './oracle.js';

/** Examples that each step looks at: [k × size] of all examples' numbers, ascending in a step. */
export interface Minibatches {
  readonly indices: Uint32Array;
  readonly size: number;
}

/** The most examples of a chunk that a step looks at. */
function mostRows(chunk: ActivationChunk, minibatches: Minibatches | undefined): number {
  return Math.min(chunk.rows, minibatches?.size ?? chunk.rows);
}

/** Slices of scores that a step leaves behind. */
export function directSlices(
  device: Device,
  { chunks, columns }: Activations,
  minibatches?: Minibatches,
): number {
  const most = chunks.map((chunk) => ({ rows: mostRows(chunk, minibatches) }));
  return chunkSlices(device, most, columns);
}

/**
 * Direct evaluation: each step measures every candidate's loss in one pass over the activations,
 * or over a minibatch. It serves losses that the Gram matrix cannot express.
 */
export async function prepareDirectOracle(
  context: OracleContext,
  minibatches?: Minibatches,
): Promise<Oracle> {
  const { device, scope, problem, buffers } = context;
  const { activations, weights, targets, loss } = problem;
  const { state, scores } = buffers;
  const totals = scope.matrix('selected outputs', [targets.rows, targets.columns]);
  const shares = minibatches && splitByChunk(activations.chunks, minibatches);
  const perChunk = await Promise.all(
    activations.chunks.map(async (chunk, index) => {
      const buffer = activations.buffers[chunk.buffer] as Matrix;
      const listed = shares?.[index];
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
          indices: listed && scope.bufferFrom('minibatch indices', listed.indices),
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
        const most = mostRows(chunk, minibatches);
        judge(commands, {
          first: chunk.firstRow,
          firstSlice,
          count: step + 1,
          m: chunk.rows,
          ...(listed && { listed: { ...stepRange(listed.starts, step), most } }),
        });
        firstSlice += sliceCount(device, { m: most, width: activations.columns });
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

function stepRange(starts: readonly number[], step: number) {
  const first = starts[step] ?? 0;
  return { first, count: (starts[step + 1] ?? first) - first };
}

/** Each chunk's share of the minibatches: its own rows, and where each step's begin. */
function splitByChunk(
  chunks: readonly ActivationChunk[],
  { indices, size }: Minibatches,
): readonly { indices: Uint32Array; starts: readonly number[] }[] {
  return chunks.map(({ firstRow, rows: count }) => {
    const share: number[] = [];
    const starts = [0];
    for (let first = 0; first < indices.length; first += size) {
      for (const example of indices.subarray(first, first + size)) {
        if (example >= firstRow && example < firstRow + count) share.push(example - firstRow);
      }
      starts.push(share.length);
    }
    return { indices: Uint32Array.from(share), starts };
  });
}

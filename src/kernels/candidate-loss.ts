import { candidateLossShader } from '../../shaders/candidate-loss.wgsl.js';
import type { LossKind } from '../../shaders/point-loss.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { sliceCount, sliceRows } from './example-slices.js';

export type { LossKind } from '../../shaders/point-loss.js';

export interface CandidateLoss {
  /** One chunk of H [m × N], in either storage format. */
  readonly activations: Matrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y of all examples. */
  readonly targets: Matrix;
  /** Σ of the picks' outputs, laid out as the targets. */
  readonly totals: Matrix;
  /** [slices × N], written. */
  readonly scores: GpuBuffer;
  readonly loss: LossKind;
  /** Rows of the chunk to look at; without it all of them. */
  readonly rows?: GpuBuffer | undefined;
}

export interface CandidateLossCall {
  /** First example of the chunk. */
  readonly first: number;
  readonly firstSlice: number;
  /** Picks with the candidate, whose outputs' average is judged. */
  readonly count: number;
  /** Examples of the chunk. */
  readonly m: number;
  /** With `rows`: the entries of this call, and the most that a call has, which sets the slices. */
  readonly listed?: { readonly first: number; readonly count: number; readonly most: number };
}

/** Threads of a workgroup. */
const THREADS = { hardware: 64, software: 16 } as const;

/**
 * Prepares the loss of every candidate by direct evaluation: about 2 m N C operations and m N C
 * exponentials for the cross-entropy; the least that must move is 4 m N bytes, or 2 m N in
 * float16.
 */
export async function prepareCandidateLoss(
  device: Device,
  { activations, weights, targets, totals, scores, loss, rows }: CandidateLoss,
): Promise<(batch: Batch, call: CandidateLossCall) => void> {
  const { rows: n, columns: outputs } = weights;
  const threads = THREADS[device.adapter.kind];
  const kernel = await prepareKernel(
    device,
    candidateLossShader({
      outputs,
      loss,
      storage: activations.storage,
      gather: rows !== undefined,
      threads,
    }),
    {
      activations: activations.buffer,
      weights: weights.buffer,
      targets: targets.buffer,
      totals: totals.buffer,
      scores,
      ...(rows && { rows }),
    },
  );
  const vectors = activations.stride / 4;
  return (batch, { first, firstSlice, count, m, listed }) => {
    const most = listed?.most ?? m;
    const slices = sliceCount(device, most);
    batch.dispatch(
      kernel,
      {
        m: listed?.count ?? m,
        n,
        vectors,
        weights_stride: weights.stride,
        targets_stride: targets.stride,
        first,
        rows_first: listed?.first ?? 0,
        slice_rows: sliceRows(device, most),
        slices,
        first_slice: firstSlice,
        share: 1 / count,
      },
      Math.ceil(vectors / threads) * slices,
      (loss === 'squared' ? 5 : 25) * (listed?.count ?? m) * n * outputs,
    );
  };
}

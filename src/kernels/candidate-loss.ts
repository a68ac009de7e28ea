import { candidateLossShader } from '../../shaders/candidate-loss.wgsl.js';
import type { LossKind } from '../../shaders/point-loss.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
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
  /** Indices of the chunk's rows to look at; all of them by default. */
  readonly indices?: GpuBuffer | undefined;
}

export interface CandidateLossCall {
  /** First example of the chunk. */
  readonly first: number;
  readonly firstSlice: number;
  /** How many outputs are averaged: those of the picks, and the candidate's. */
  readonly count: number;
  /** Examples of the chunk. */
  readonly m: number;
  /** With `indices`: the entries of this call, and the most that a call has, which sets the slices. */
  readonly listed?: { readonly first: number; readonly count: number; readonly most: number };
}

/** Threads of a workgroup. */
const THREADS = { hardware: 64, software: 16 } as const;

/**
 * Operations an output of a candidate at an example: a product and a sum; then difference, square
 * and sum, or difference, exponential (counted as one), two sums and a product.
 */
export const CANDIDATE_LOSS_OPERATIONS = {
  squared: 5,
  'cross-entropy': 7,
} as const satisfies Record<LossKind, number>;

/**
 * Prepares the loss of every candidate i by direct evaluation, cut into slices of examples that a
 * later kernel adds up, with u the totals:
 *
 *     score_i = Σ_j loss((u_j + b_i h_ji) / count, y_j)
 *
 * 5 m N C operations, or 7 m N C for the cross-entropy, an exponential counted as one; the least
 * that must move is 4 (m N + 2 m C + N C + N) bytes: the activations (half of theirs in float16),
 * totals, targets, B and scores.
 */
export async function prepareCandidateLoss(
  device: Device,
  { activations, weights, targets, totals, scores, loss, indices }: CandidateLoss,
): Promise<(commands: Commands, call: CandidateLossCall) => void> {
  const { rows: n, columns: outputs } = weights;
  const threads = THREADS[device.adapter.kind];
  const kernel = await prepareKernel(
    device,
    candidateLossShader({
      outputs,
      loss,
      storage: activations.storage,
      gather: indices !== undefined,
      threads,
    }),
    {
      activations: activations.buffer,
      weights: weights.buffer,
      targets: targets.buffer,
      totals: totals.buffer,
      scores,
      ...(indices && { indices }),
    },
  );
  const vectors = activations.stride / 4;
  return (commands, { first, firstSlice, count, m, listed }) => {
    const most = listed?.most ?? m;
    const summed = { m: most, width: n };
    const slices = sliceCount(device, summed);
    commands.dispatch(
      kernel,
      {
        m: listed?.count ?? m,
        n,
        vectors,
        weights_stride: weights.stride,
        targets_stride: targets.stride,
        first,
        indices_first: listed?.first ?? 0,
        slice_rows: sliceRows(device, summed),
        slices,
        first_slice: firstSlice,
        share: 1 / count,
      },
      Math.ceil(vectors / threads) * slices,
      CANDIDATE_LOSS_OPERATIONS[loss] * (listed?.count ?? m) * n * outputs,
    );
  };
}

import { THREADS, transposeWeightsShader } from '../../shaders/transpose-weights.wgsl.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, rowStride } from '../gpu/matrix.js';

export interface TransposeWeights {
  /** [taps · channels of a group × outputs], as `packFilter` packs it. */
  readonly weights: Matrix;
  /** [taps · outputs of a group × channels], as the gradient of the input reads it. */
  readonly out: Matrix;
  readonly taps: number;
  /** 1 by default. */
  readonly groups?: number;
}

/**
 * Prepares out[taps − 1 − t, o, c] = weights[t, c, o] for every tap t, and returns the function
 * that encodes it. With these weights a convolution of the outputs' gradient gives the inputs'
 * gradient. No arithmetic; every weight is read and written once, 8 bytes.
 *
 * @throws RangeError when the matrices are not shaped so.
 */
export async function prepareTransposeWeights(
  device: Device,
  { weights, out, taps, groups = 1 }: TransposeWeights,
): Promise<(commands: Commands) => void> {
  const channels = out.columns / groups;
  const outputs = weights.columns / groups;
  const rows = taps * rowStride(channels);
  const turnedRows = taps * rowStride(outputs);
  if (weights.rows !== rows || out.rows !== turnedRows) {
    throw new RangeError(
      `${weights.buffer.label} [${weights.rows} × ${weights.columns}] of ${taps} taps in ${groups} groups cannot be turned into [${out.rows} × ${out.columns}]: ${rows} and ${turnedRows} rows were expected.`,
    );
  }
  const kernel = await prepareKernel(device, transposeWeightsShader(), {
    weights: weights.buffer,
    out: out.buffer,
  });
  const out_step = out.stride / 4;
  return (commands) =>
    commands.dispatch(
      kernel,
      {
        taps,
        channels,
        c_rows: rows / taps,
        outputs,
        o_rows: turnedRows / taps,
        columns: out.columns,
        stride: weights.stride,
        out_step,
      },
      Math.ceil((turnedRows * out_step) / THREADS),
    );
}

import { type OutputLayerEpilogue, outputLayerShader } from '../../shaders/output-layer.wgsl.js';
import { EspalierError } from '../errors.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { barrierThreads } from './variant.js';

export interface OutputLayer {
  /** H [m × N], the hidden activations of a minibatch, in either storage format. */
  readonly activations: Matrix;
  /** B [N × C]. */
  readonly weights: Matrix;
  /** Y, the targets of all examples. */
  readonly targets: Matrix;
  /** [m × C], written. */
  readonly out: Matrix;
  /** `store` by default. */
  readonly epilogue?: OutputLayerEpilogue;
  /**
   * Indices of the targets' rows that belong to the minibatch; by default they are taken in order.
   */
  readonly indices?: GpuBuffer | undefined;
  readonly threads?: number;
}

/**
 * Prepares out = epilogue(f), with f = H B / N the mean-field network's outputs for a minibatch of m
 * examples whose first is `first` (an entry of `rows`, or a row of the targets): f itself, f − y or
 * softmax(f) − y.
 *
 * 2 m N C + 2 m C operations; the least that must move is 4 (m N + N C + 2 m C) bytes: the
 * activations (half of theirs in float16), B, the targets where they are subtracted, and `out`.
 */
export async function prepareOutputLayer(
  device: Device,
  {
    activations,
    weights,
    targets,
    out,
    indices,
    epilogue = 'store',
    threads = threadsFor(device, weights.columns),
  }: OutputLayer,
): Promise<(commands: Commands, call: { readonly m: number; readonly first: number }) => void> {
  const outputs = weights.columns;
  const n = weights.rows;
  const kernel = await prepareKernel(
    device,
    outputLayerShader({
      outputs,
      gather: indices !== undefined,
      epilogue,
      threads,
      storage: activations.storage,
    }),
    {
      activations: activations.buffer,
      weights: weights.buffer,
      targets: targets.buffer,
      out: out.buffer,
      ...(indices && { indices }),
    },
  );
  return (commands, { m, first }) =>
    commands.dispatch(
      kernel,
      {
        m,
        n,
        activations_stride: activations.stride,
        weights_stride: weights.stride,
        targets_stride: targets.stride,
        out_stride: out.stride,
        first,
        scale: 1 / n,
      },
      m,
      2 * m * n * outputs,
    );
}

/**
 * Each thread has a sum for every output in the workgroup's memory, and the outputs lie there too.
 */
function threadsFor(device: Device, outputs: number): number {
  const { maxComputeWorkgroupStorageSize: bytes } = device.limits;
  const fitting = Math.floor(bytes / (4 * outputs)) - 1;
  if (fitting >= 1) return Math.min(barrierThreads(device, 32), fitting);
  throw new EspalierError(
    'limit-exceeded',
    `${outputs} outputs do not fit the ${bytes} bytes that a workgroup shares on this adapter.`,
  );
}

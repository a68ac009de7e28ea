import {
  MOMENTUM_UPDATE_THREADS,
  momentumUpdateShader,
} from '../../shaders/momentum-update.wgsl.js';
import type { Batch } from '../gpu/batch.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface MomentumUpdate {
  /** [slices × rows × columns], without padding. */
  readonly gradient: GpuBuffer;
  /** v, laid out as the parameters. */
  readonly velocity: Matrix;
  readonly parameters: Matrix;
}

export interface MomentumStep {
  readonly slices: number;
  readonly scale: number;
  readonly decay: number;
  readonly rate: number;
}

/** Prepares v ← decay · v + scale · Σ_slices gradient;  parameters ← parameters − rate · v. */
export async function prepareMomentumUpdate(
  device: Device,
  { gradient, velocity, parameters }: MomentumUpdate,
): Promise<(batch: Batch, step: MomentumStep) => void> {
  const kernel = await prepareKernel(device, momentumUpdateShader(), {
    gradient,
    velocity: velocity.buffer,
    parameters: parameters.buffer,
  });
  const { rows, columns, stride } = parameters;
  return (batch, step) =>
    batch.dispatch(
      kernel,
      { rows, columns, stride, ...step },
      Math.ceil((rows * columns) / MOMENTUM_UPDATE_THREADS),
      rows * columns * (step.slices + 4),
    );
}

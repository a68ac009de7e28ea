import {
  MOMENTUM_UPDATE_THREADS,
  momentumUpdateShader,
} from '../../shaders/momentum-update.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';

export interface MomentumUpdate {
  /** [slices × rows × columns]: a buffer without padding, or a matrix padded as the parameters. */
  readonly gradient: GpuBuffer | Matrix;
  /** v, laid out as the parameters; without it there is no momentum, whatever the decay. */
  readonly velocity?: Matrix | undefined;
  readonly parameters: Matrix;
}

export interface MomentumStep {
  /** Slices of the gradient to add up. */
  readonly slices: number;
  /** Factor on the gradient's sum, such as 1 over the examples of the step. */
  readonly scale: number;
  /** μ: what is kept of v. */
  readonly decay: number;
  /** η: what is taken of v; 0 only accumulates it. */
  readonly rate: number;
}

/**
 * Prepares v ← decay · v + scale · Σ_slices gradient;  parameters ← parameters − rate · v. Slices
 * are added in order. For W parameters W (slices + 4) operations; the least that must move is
 * 4 W (slices + 4) bytes: the gradient, and velocity and parameters in and out.
 *
 * @throws RangeError when a padded gradient is laid out otherwise than the parameters.
 */
export async function prepareMomentumUpdate(
  device: Device,
  { gradient, velocity, parameters }: MomentumUpdate,
): Promise<(commands: Commands, step: MomentumStep) => void> {
  const padded = 'stride' in gradient;
  if (padded && gradient.stride !== parameters.stride) {
    throw new RangeError(
      `${gradient.buffer.label} must be laid out as ${parameters.buffer.label}: rows of ${parameters.stride}, not ${gradient.stride}.`,
    );
  }
  const shader = momentumUpdateShader({
    element: padded ? 'vec4<f32>' : 'f32',
    momentum: velocity !== undefined,
  });
  const kernel = await prepareKernel(device, shader, {
    gradient: padded ? gradient.buffer : gradient,
    parameters: parameters.buffer,
    ...(velocity && { velocity: velocity.buffer }),
  });
  const { rows } = parameters;
  const stride = padded ? parameters.stride / 4 : parameters.stride;
  // Where rows are padded, the padding is summed with them.
  const columns = padded ? stride : parameters.columns;
  return (commands, step) =>
    commands.dispatch(
      kernel,
      { rows, columns, stride, ...step },
      Math.ceil((rows * columns) / MOMENTUM_UPDATE_THREADS),
      rows * parameters.columns * (step.slices + 4),
    );
}

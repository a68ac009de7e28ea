import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import { matmulSlices, prepareMatmul } from '../kernels/matmul.js';
import { type MomentumStep, prepareMomentumUpdate } from '../kernels/momentum-update.js';

export interface HiddenUpdate {
  /** X; a step takes `m` of its rows, those of `indices` where they are given. */
  readonly inputs: Matrix;
  readonly indices: GpuBuffer | undefined;
  /** δ [m × N], the gradient at the hidden layer's sums. */
  readonly incoming: Matrix;
  /** Aᵀ [d × N]. */
  readonly hidden: Matrix;
  /** v, laid out as Aᵀ; without it there is no momentum. */
  readonly velocity: Matrix | undefined;
  /** Slices of the examples, summed apart; `matmulSlices` by default. */
  readonly slices: number | undefined;
}

export interface HiddenStep extends Omit<MomentumStep, 'slices'> {
  /** Examples to take in. */
  readonly m: number;
  /** First entry of `indices`, or first row of X. */
  readonly first: number;
}

/**
 * Prepares the hidden layer's step, v ← decay · v + scale · Xᵀ δ;  Aᵀ ← Aᵀ − rate · v: in one
 * dispatch where the product is in one piece; otherwise its slices, and then their sum and the step.
 */
export async function prepareHiddenUpdate(
  device: Device,
  { inputs, indices, incoming, hidden, velocity, slices: wanted }: HiddenUpdate,
  scope: Scope,
): Promise<(commands: Commands, step: HiddenStep) => void> {
  const [d, n] = [hidden.rows, hidden.columns];
  const slices = wanted ?? matmulSlices(device.adapter, { m: d, n, k: incoming.rows });
  const factors = { a: inputs, b: incoming, indices, transposeA: true };
  if (slices === 1) {
    const update = await prepareMatmul(device, {
      ...factors,
      out: hidden,
      epilogue: { kind: velocity ? 'momentum' : 'descent' },
      ...(velocity && { velocity }),
    });
    return (commands, { m, first, scale, decay, rate }) =>
      update(commands, { k: m, first, alpha: scale, decay, rate });
  }
  const gradient = scope.matrix('hidden gradient', [slices * d, n]);
  const multiply = await prepareMatmul(device, { ...factors, out: gradient, slices });
  const update = await prepareMomentumUpdate(device, { gradient, velocity, parameters: hidden });
  return (commands, { m, first, ...step }) => {
    multiply(commands, { k: m, first });
    update(commands, { slices, ...step });
  };
}

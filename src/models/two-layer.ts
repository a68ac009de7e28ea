import type { Activation } from '../../shaders/activations.js';
import { DISPOSE } from '../disposal.js';
import type { Device, Owned } from '../gpu/device.js';
import { type Matrix, readMatrix } from '../gpu/matrix.js';
import { owning } from '../gpu/scope.js';
import { randomStream } from '../random.js';
import { DRAWS_IN_A_TURN, turn } from '../turn.js';

export type { Activation } from '../../shaders/activations.js';

/** The activations σ of a two-layer network by name. */
export const ACTIVATIONS = ['tanh', 'sigmoid', 'relu'] as const satisfies readonly Activation[];

/** f(x) = (1/N) Σ_i b_i σ(a_i · x): width N, inputs d, outputs C, activation σ. */
export interface TwoLayerShape {
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
}

/** A network's weights on the CPU, laid out as they are stored in files. */
export interface TwoLayerParameters extends TwoLayerShape {
  /** A [N × d], row-major. */
  readonly hidden: Float32Array;
  /** B [N × C], row-major. */
  readonly output: Float32Array;
}

/** A network's weights on the GPU. */
export interface TwoLayerNetwork extends TwoLayerShape, Owned {
  readonly device: Device;
  /**
   * Aᵀ [d × N]: forward and gradient both run along the neurons in their innermost loads, so the
   * transpose lets neighbouring threads read neighbouring words in both.
   */
  readonly hidden: Matrix;
  /** B [N × C]. */
  readonly output: Matrix;
}

/** Draws every weight from N(0, 1), A row by row and then B; the same seed gives the same bits. */
export function drawParameters(shape: TwoLayerShape, seed: number): TwoLayerParameters {
  const drawing = drawnParameters(shape, seed);
  for (;;) {
    const next = drawing.next();
    if (next.done) return next.value;
  }
}

/**
 * The same, in turns: a wide network takes seconds.
 *
 * @throws aborted between turns when the signal fires.
 */
export async function drawParametersInTurns(
  shape: TwoLayerShape,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<TwoLayerParameters> {
  const drawing = drawnParameters(shape, seed);
  for (;;) {
    const next = drawing.next();
    if (next.done) return next.value;
    await turn(signal);
  }
}

function* drawnParameters(shape: TwoLayerShape, seed: number): Generator<void, TwoLayerParameters> {
  const stream = randomStream(seed, 'weights');
  const { width, inputs, outputs } = shape;
  const hidden = new Float32Array(width * inputs);
  const output = new Float32Array(width * outputs);
  for (const layer of [hidden, output]) {
    for (let at = 0; at < layer.length; at++) {
      layer[at] = stream.normal();
      if ((at + 1) % DRAWS_IN_A_TURN === 0) yield;
    }
  }
  return { ...shape, hidden, output };
}

/** @throws limit-exceeded when a layer is larger than the adapter binds. */
export function uploadTwoLayer(device: Device, parameters: TwoLayerParameters): TwoLayerNetwork {
  const { width, inputs, outputs, activation } = parameters;
  const hidden = transpose(parameters.hidden, width, inputs);
  return owning(device, (scope) => ({
    device,
    width,
    inputs,
    outputs,
    activation,
    hidden: scope.matrix('hidden.weight', [inputs, width], { data: hidden }),
    output: scope.matrix('output.weight', [width, outputs], { data: parameters.output }),
    dispose: () => scope.dispose(),
    [DISPOSE]: () => scope.dispose(),
  }));
}

/** Waits for the GPU and copies the weights to the CPU. */
export async function readParameters(network: TwoLayerNetwork): Promise<TwoLayerParameters> {
  const { width, inputs, outputs, activation } = network;
  const [hidden, output] = await Promise.all([
    readMatrix(network.hidden),
    readMatrix(network.output),
  ]);
  return { width, inputs, outputs, activation, hidden: transpose(hidden, inputs, width), output };
}

/** Number of weights, N (d + C). */
export function parameterCount({ width, inputs, outputs }: TwoLayerShape): number {
  return width * (inputs + outputs);
}

/** Floating-point operations of f for one example: two for each weight, one σ for each neuron. */
export function flopsPerExample({ width, inputs, outputs }: TwoLayerShape): number {
  return width * (2 * (inputs + outputs) + 1);
}

function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      transposed[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return transposed;
}

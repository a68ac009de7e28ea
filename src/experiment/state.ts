import { EspalierError } from '../errors.js';
import type { Tensor } from '../formats/safetensors.js';
import { decodeSealed, encodeSealed } from '../formats/sealed.js';
import {
  readParameters,
  type TwoLayerParameters,
  type TwoLayerShape,
} from '../models/two-layer.js';
import { readTrainingState, type Training, type TrainingState } from '../train/gradient-descent.js';

/** A pre-training at a checkpoint: all that it takes to go on from there. */
export interface TrainedState extends TrainingState {
  readonly network: TwoLayerParameters;
}

/** Waits for the GPU and copies a training's state. */
export async function readState(training: Training): Promise<TrainedState> {
  const network = await readParameters(training.network);
  return { ...(await readTrainingState(training)), network };
}

/** The state as a safetensors file with a checksum. */
export function encodeState({
  iteration,
  network,
  velocity,
}: TrainedState): Uint8Array<ArrayBuffer> {
  const { width, inputs, outputs, hidden, output } = network;
  return encodeSealed({
    iteration: { dtype: 'U32', shape: [1], data: Uint32Array.of(iteration) },
    'hidden.weight': { dtype: 'F32', shape: [width, inputs], data: hidden },
    'output.weight': { dtype: 'F32', shape: [width, outputs], data: output },
    ...(velocity && {
      'hidden.velocity': { dtype: 'F32', shape: [inputs, width], data: velocity.hidden },
      'output.velocity': { dtype: 'F32', shape: [width, outputs], data: velocity.output },
    }),
  });
}

/**
 * @throws bad-data naming the file when it is no state of a network of this shape, was changed, or holds
 *   what is no number.
 */
export function decodeState(bytes: Uint8Array, file: string, shape: TwoLayerShape): TrainedState {
  const { tensors, sealed } = decodeSealed(bytes, file);
  const { width, inputs, outputs } = shape;
  const fail: Fail = (expected, found) =>
    new EspalierError(
      'bad-data',
      `${file} is not a training state of this study: expected ${expected}, found ${found}. Remove the file to train that trial from its start.`,
    );
  if (!sealed) throw fail('a checksum', 'none');
  const [iteration = 0] = tensorIn(tensors, 'iteration', { dtype: 'U32', shape: [1] }, fail);
  return {
    iteration,
    network: networkIn(tensors, shape, fail),
    ...(tensors.has('hidden.velocity') && {
      velocity: {
        hidden: tensorIn(
          tensors,
          'hidden.velocity',
          { dtype: 'F32', shape: [inputs, width] },
          fail,
        ),
        output: tensorIn(
          tensors,
          'output.velocity',
          { dtype: 'F32', shape: [width, outputs] },
          fail,
        ),
      },
    }),
  };
}

/** Says what a file should hold, and what it holds. */
type Fail = (expected: string, found: string) => EspalierError;

/**
 * The layers among a file's tensors.
 *
 * @throws what `fail` makes when one has another shape, or an element that is no finite number.
 */
export function networkIn(
  tensors: ReadonlyMap<string, Tensor>,
  shape: TwoLayerShape,
  fail: Fail,
): TwoLayerParameters {
  const { width, inputs, outputs } = shape;
  return {
    ...shape,
    hidden: tensorIn(tensors, 'hidden.weight', { dtype: 'F32', shape: [width, inputs] }, fail),
    output: tensorIn(tensors, 'output.weight', { dtype: 'F32', shape: [width, outputs] }, fail),
  };
}

function tensorIn<Kind extends Tensor['dtype']>(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  { dtype, shape }: { readonly dtype: Kind; readonly shape: readonly number[] },
  fail: Fail,
) {
  const tensor = tensors.get(name);
  if (tensor?.dtype === dtype && tensor.shape.join() === shape.join()) {
    const bad = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw fail(`finite numbers in ${name}`, `${tensor.data[bad]} as element ${bad}`);
    return tensor.data as Extract<Tensor, { dtype: Kind }>['data'];
  }
  const found = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'none';
  throw fail(`${name} as ${dtype} [${shape.join(', ')}]`, found);
}

import { EspalierError } from '../errors.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from '../io/safetensors.js';
import type { Parameters, Shape } from '../models/two-layer.js';
import type { TrainingState } from '../train/gradient-descent.js';

/** A pre-training at a checkpoint: all that it takes to go on from there. */
export interface TrialState extends TrainingState {
  readonly network: Parameters;
}

/** The state as a safetensors file. */
export function encodeState({ iteration, network, velocity }: TrialState): Uint8Array<ArrayBuffer> {
  const { width, inputs, outputs, hidden, output } = network;
  return encodeSafetensors({
    iteration: { dtype: 'U32', shape: [1], data: Uint32Array.of(iteration) },
    'hidden.weight': { dtype: 'F32', shape: [width, inputs], data: hidden },
    'output.weight': { dtype: 'F32', shape: [width, outputs], data: output },
    ...(velocity && {
      'hidden.velocity': { dtype: 'F32', shape: [inputs, width], data: velocity.hidden },
      'output.velocity': { dtype: 'F32', shape: [width, outputs], data: velocity.output },
    }),
  });
}

/** @throws bad-data naming the file when it is no state of a network of this shape. */
export function decodeState(bytes: Uint8Array, file: string, shape: Shape): TrialState {
  const tensors = decodeSafetensors(bytes, file);
  const { width, inputs, outputs } = shape;
  const take = <Kind extends Tensor['dtype']>(
    dtype: Kind,
    name: string,
    ...expected: readonly number[]
  ) => {
    const tensor = tensors.get(name);
    if (tensor?.dtype === dtype && tensor.shape.join() === expected.join()) {
      return tensor.data as Extract<Tensor, { dtype: Kind }>['data'];
    }
    const found = tensor ? `${tensor.dtype} [${tensor.shape.join(', ')}]` : 'none';
    throw new EspalierError(
      'bad-data',
      `${file} is not a training state of this study: expected ${name} as ${dtype} [${expected.join(', ')}], found ${found}. Remove the file to train that trial from its start.`,
    );
  };
  const [iteration = 0] = take('U32', 'iteration', 1);
  return {
    iteration,
    network: {
      ...shape,
      hidden: take('F32', 'hidden.weight', width, inputs),
      output: take('F32', 'output.weight', width, outputs),
    },
    ...(tensors.has('hidden.velocity') && {
      velocity: {
        hidden: take('F32', 'hidden.velocity', inputs, width),
        output: take('F32', 'output.velocity', width, outputs),
      },
    }),
  };
}

import { TASKS, taskClass } from '../../src/data/tasks.js';
import { decodeSealed, encodeSealed } from '../../src/formats/sealed.js';
import {
  EspalierError,
  type LabelledImages,
  type RunFile,
  type Task,
  type TwoLayerParameters,
  taskOutputs,
} from '../../src/index.js';
import { ACTIVATIONS } from '../../src/models/two-layer.js';
import { answerFromOutputs, inputAt, outputsAt } from '../model/answer.js';

/** A network, and the question that it answers. */
export interface NamedNetwork {
  readonly network: TwoLayerParameters;
  readonly task: Task;
}

/** f(x) = scale Σ_i b_i σ(a_i · x) */
const SCALE = '1/width';

/** A network as a file that says how to compute with it: its activation, and the factor of its sum. */
export function networkFile({ network, task }: NamedNetwork): RunFile {
  const { width, inputs, outputs, activation, hidden, output } = network;
  return {
    name: `network-${width}.safetensors`,
    bytes: encodeSealed(
      {
        'hidden.weight': { dtype: 'F32', shape: [width, inputs], data: hidden },
        'output.weight': { dtype: 'F32', shape: [width, outputs], data: output },
      },
      { activation, scale: SCALE, task },
    ),
  };
}

/**
 * Reads what `networkFile` wrote.
 *
 * @throws bad-data naming the file and what is wrong with it.
 */
export function readNetworkFile(bytes: Uint8Array, file: string): NamedNetwork {
  const fail = (why: string) =>
    new EspalierError('bad-data', `${file} is no network that this page saved: ${why}.`);
  const { tensors, metadata: told } = decodeSealed(bytes, file);
  const activation = ACTIVATIONS.find((name) => name === told.get('activation'));
  const task = TASKS.find((name) => name === told.get('task'));
  if (!activation) throw fail(`its metadata name no activation out of ${ACTIVATIONS.join(', ')}`);
  if (!task) throw fail(`its metadata name no task out of ${TASKS.join(', ')}`);
  if (told.get('scale') !== SCALE) throw fail(`its metadata do not name the scale ${SCALE}`);
  const matrix = (name: string) => {
    const found = tensors.get(name);
    if (found?.dtype === 'F32' && found.shape.length === 2) return found;
    throw fail(`it has no matrix ${name} in float32`);
  };
  const [hidden, output] = [matrix('hidden.weight'), matrix('output.weight')];
  const [width = 0, inputs = 0] = hidden.shape;
  const [rows = 0, outputs = 0] = output.shape;
  if (width === 0 || rows !== width || outputs !== taskOutputs(task)) {
    throw fail(
      `its matrices are ${hidden.shape.join(' × ')} and ${output.shape.join(' × ')}, where both need as many rows and the second ${taskOutputs(task)} columns`,
    );
  }
  const shape = { width, inputs, outputs, activation };
  return { network: { ...shape, hidden: hidden.data, output: output.data }, task };
}

/**
 * The share of images that a network answers right.
 *
 * @throws bad-data when they are of another size than the network takes.
 */
export function accuracyOn({ network, task }: NamedNetwork, images: LabelledImages): number {
  const inputs = images.rows * images.columns + 1;
  if (network.inputs !== inputs) {
    throw new EspalierError(
      'bad-data',
      `The network takes ${network.inputs} numbers, and the images here have ${inputs}, their constant counted: bring images of its size first.`,
    );
  }
  let right = 0;
  for (let at = 0; at < images.count; at++) {
    const answer = answerFromOutputs(outputsAt(network, inputAt(images, at)));
    right += Number(answer === taskClass(task, images.labels[at] ?? 0));
  }
  return right / images.count;
}

import { type Drawn, drawClip, drawNode } from '../onnx/channels-last.js';
import { type LayerReading, unfit } from './settings.js';

/** Activations of one node, by Keras's names. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  elu: 'Elu',
  exponential: 'Exp',
  hard_silu: 'HardSwish',
  hard_swish: 'HardSwish',
  leaky_relu: 'LeakyRelu',
  relu: 'Relu',
  selu: 'Selu',
  sigmoid: 'Sigmoid',
  softplus: 'Softplus',
  softsign: 'Softsign',
  tanh: 'Tanh',
};

/** Draws an activation by its name in Keras. */
export function drawActivation(
  reading: LayerReading,
  name: string,
  input: Drawn,
  activation: unknown,
): Drawn {
  const { drawing, keras3 } = reading;
  const kind = String(activation);
  const opType = Object.hasOwn(ACTIVATIONS, kind) ? ACTIVATIONS[kind] : undefined;
  if (opType) {
    const attributes = kind === 'leaky_relu' ? { alpha: 0.2 } : {};
    return drawNode(drawing, { name, opType, input, attributes });
  }
  switch (kind) {
    case 'linear':
      return drawNode(drawing, { name, opType: 'Identity', input });
    case 'relu6':
      return drawClip(drawing, name, input, [0, 6]);
    case 'hard_sigmoid': {
      const attributes = { alpha: keras3 ? 1 / 6 : 0.2, beta: 0.5 };
      return drawNode(drawing, { name, opType: 'HardSigmoid', input, attributes });
    }
    case 'swish':
    case 'silu': {
      const gate = drawNode(drawing, { name: `${name}/sigmoid`, opType: 'Sigmoid', input });
      return drawNode(drawing, { name, opType: 'Mul', input, others: [gate.name] });
    }
    case 'softmax': {
      const attributes = { axis: input.kind === 'map' ? 1 : -1 };
      return drawNode(drawing, { name, opType: 'Softmax', input, attributes });
    }
    default:
      throw unfit(reading, 'activation', `one of ${Object.keys(ACTIVATIONS).join(', ')}`);
  }
}

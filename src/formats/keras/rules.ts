import {
  type Drawn,
  drawClip,
  drawConcat,
  drawConvolution,
  drawDense,
  drawFlatten,
  drawGlobalPool,
  drawNode,
  drawPad,
  drawPool,
  drawScale,
  drawSinglePosition,
  drawWeight,
  type LayerTensor,
} from '../onnx/channels-last.js';
import { draftFloats } from '../onnx/draft.js';
import { drawActivation } from './activations.js';
import {
  flagSetting,
  type LayerReading,
  numberSetting,
  numbersSetting,
  refusedLayer,
  requireChannelsLast,
  unfit,
  wholeSetting,
  windowSetting,
} from './settings.js';

/** What a kind of layer is in ONNX, before its activation. */
type LayerRule = (reading: LayerReading, name: string) => Drawn;

/** Draws a layer, its activation behind it. */
export function drawLayer(reading: LayerReading): Drawn {
  const { layer } = reading;
  const rule = Object.hasOwn(RULES, layer.className) ? RULES[layer.className] : undefined;
  if (layer.className === 'Lambda') {
    throw refusedLayer(
      reading,
      'is Python code, which is not run here: put layers in its place, and save the network again',
    );
  }
  if (!rule) throw refusedLayer(reading, 'is of a class that is not known here');
  const activated = ACTIVATED.includes(layer.className) ? layer.config.activation : undefined;
  const drawn = rule(reading, layer.name);
  if (activated === undefined || activated === null || activated === 'linear') return drawn;
  return drawActivation(reading, `${layer.name}/${activated}`, drawn, activated);
}

/** Layers with an activation of their own. */
const ACTIVATED = ['Conv2D', 'DepthwiseConv2D', 'SeparableConv2D', 'Dense'];

function neededTensor(
  reading: LayerReading,
  ...roles: readonly [string, ...string[]]
): LayerTensor {
  for (const role of roles) {
    const found = reading.tensor(role);
    if (found) return found;
  }
  throw refusedLayer(reading, `has no weights "${roles[0]}" in the file`);
}

function biasOfLayer(reading: LayerReading): LayerTensor | undefined {
  return flagSetting(reading, 'use_bias', true) ? neededTensor(reading, 'bias') : undefined;
}

function biasName(reading: LayerReading): readonly string[] {
  const bias = biasOfLayer(reading);
  return bias ? [drawWeight(reading.drawing, bias, 'same')] : [];
}

const convolution: LayerRule = (reading, name) => {
  const { drawing, inputs } = reading;
  const kernel = drawWeight(drawing, neededTensor(reading, 'kernel'), 'filter');
  return drawConvolution(drawing, name, inputs[0], {
    window: windowSetting(reading, 'kernel_size'),
    tensors: [kernel, ...biasName(reading)],
    groups: wholeSetting(reading, 'groups', 1),
  });
};

function drawDepthwise(reading: LayerReading, name: string, biases: readonly string[]): Drawn {
  const { drawing, inputs } = reading;
  const kernel = neededTensor(reading, 'depthwise_kernel', 'kernel');
  return drawConvolution(drawing, name, inputs[0], {
    window: windowSetting(reading, 'kernel_size'),
    tensors: [drawWeight(drawing, kernel, 'depthwise'), ...biases],
    groups: kernel.shape[2] ?? 0,
  });
}

const depthwise: LayerRule = (reading, name) => drawDepthwise(reading, name, biasName(reading));

const separable: LayerRule = (reading, name) => {
  const { drawing } = reading;
  const map = drawDepthwise(reading, `${name}/depthwise`, []);
  const pointwise = drawWeight(drawing, neededTensor(reading, 'pointwise_kernel'), 'filter');
  return drawConvolution(drawing, name, map, {
    window: { kernel: [1, 1], strides: [1, 1], padding: 'valid' },
    tensors: [pointwise, ...biasName(reading)],
    groups: 1,
  });
};

const dense: LayerRule = (reading, name) =>
  drawDense(reading.drawing, name, reading.inputs[0], {
    kernel: neededTensor(reading, 'kernel'),
    bias: biasOfLayer(reading),
  });

const batchNormalization: LayerRule = (reading, name) => {
  const { drawing, inputs, layer } = reading;
  const [input] = inputs;
  const axis: unknown = [layer.config.axis ?? -1].flat()[0];
  if (axis !== -1 && axis !== (input.kind === 'map' ? 3 : 1)) throw unfit(reading, 'axis', '-1');
  const mean = neededTensor(reading, 'moving_mean');
  /** What the layer leaves out is as if it were one number for all. */
  const vector = (role: 'gamma' | 'beta', used: string, number: number) =>
    flagSetting(reading, used, true)
      ? drawWeight(drawing, neededTensor(reading, role), 'same')
      : draftFloats(drawing, `${name}/${role}`, mean.shape, mean.data.slice().fill(number));
  const others = [
    vector('gamma', 'scale', 1),
    vector('beta', 'center', 0),
    drawWeight(drawing, mean, 'same'),
    drawWeight(drawing, neededTensor(reading, 'moving_variance'), 'same'),
  ];
  const attributes = { epsilon: numberSetting(reading, 'epsilon', 1e-3) };
  return drawNode(drawing, { name, opType: 'BatchNormalization', input, others, attributes });
};

const activation: LayerRule = (reading, name) =>
  drawActivation(reading, name, reading.inputs[0], reading.layer.config.activation ?? 'linear');

const relu: LayerRule = (reading, name) => {
  const { drawing, inputs, layer } = reading;
  if (numberSetting(reading, 'threshold', 0) !== 0) throw unfit(reading, 'threshold', '0');
  const slope = numberSetting(reading, 'negative_slope', 0);
  const bounded = layer.config.max_value !== undefined && layer.config.max_value !== null;
  if (slope !== 0) {
    if (bounded) throw unfit(reading, 'negative_slope', '0 beside a max_value');
    return drawNode(drawing, {
      name,
      opType: 'LeakyRelu',
      input: inputs[0],
      attributes: { alpha: slope },
    });
  }
  return bounded
    ? drawClip(drawing, name, inputs[0], [0, numberSetting(reading, 'max_value')])
    : drawNode(drawing, { name, opType: 'Relu', input: inputs[0] });
};

const leakyRelu: LayerRule = (reading, name) => {
  const { drawing, inputs } = reading;
  const alpha = numberSetting(reading, 'negative_slope', numberSetting(reading, 'alpha', 0.3));
  return drawNode(drawing, { name, opType: 'LeakyRelu', input: inputs[0], attributes: { alpha } });
};

const pool =
  (opType: 'MaxPool' | 'AveragePool'): LayerRule =>
  (reading, name) =>
    drawPool(reading.drawing, name, reading.inputs[0], {
      opType,
      window: windowSetting(reading, 'pool_size'),
    });

const globalPool =
  (opType: 'GlobalAveragePool' | 'GlobalMaxPool'): LayerRule =>
  (reading, name) => {
    requireChannelsLast(reading);
    const kept = flagSetting(reading, 'keepdims', false);
    return drawGlobalPool(reading.drawing, name, reading.inputs[0], { opType, kept });
  };

const flatten: LayerRule = (reading, name) => {
  requireChannelsLast(reading);
  return drawFlatten(reading.drawing, name, reading.inputs[0]);
};

const reshape: LayerRule = (reading, name) => {
  const { drawing, inputs, layer } = reading;
  const target = layer.config.target_shape;
  const sizes: readonly unknown[] = Array.isArray(target) ? target : [];
  if (sizes.length === 1) return drawFlatten(drawing, name, inputs[0]);
  const [height, width, channels] = sizes;
  const single = sizes.length === 3 && height === 1 && width === 1;
  if (!single || typeof channels !== 'number' || !Number.isInteger(channels) || channels < 1) {
    throw unfit(reading, 'target_shape', 'one number, or a map of one position');
  }
  return drawSinglePosition(drawing, name, inputs[0], channels);
};

const zeroPadding: LayerRule = (reading, name) => {
  requireChannelsLast(reading);
  const { padding } = reading.layer.config;
  const pads = (Array.isArray(padding) ? padding : [padding, padding]).map((own: unknown) =>
    Array.isArray(own) ? own : [own, own],
  );
  const [[top, bottom] = [], [left, right] = []] = pads as readonly (readonly unknown[])[];
  const sizes = [top, left, bottom, right];
  if (!sizes.every((size) => typeof size === 'number' && Number.isInteger(size) && size >= 0)) {
    throw unfit(reading, 'padding', 'numbers of rows and columns');
  }
  const own = sizes as [number, number, number, number];
  return drawPad(reading.drawing, name, reading.inputs[0], own);
};

/** Several maps, or rows, into one. */
const merge =
  (opType: 'Sum' | 'Mul'): LayerRule =>
  (reading, name) => {
    const [input, ...others] = reading.inputs;
    if (others.some(({ kind }) => kind !== input.kind)) {
      throw refusedLayer(reading, 'joins maps with rows');
    }
    const names = others.map((other) => other.name);
    return drawNode(reading.drawing, { name, opType, input, others: names });
  };

const concatenate: LayerRule = (reading, name) => {
  const { drawing, inputs, layer } = reading;
  const { axis = -1 } = layer.config;
  if (axis !== -1 && axis !== (inputs[0].kind === 'map' ? 3 : 1))
    throw unfit(reading, 'axis', '-1');
  return drawConcat(drawing, name, inputs);
};

const rescaling: LayerRule = (reading, name) => {
  const { drawing, inputs } = reading;
  const scale = numbersSetting(reading, 'scale', 1);
  const offset = numbersSetting(reading, 'offset', 0);
  if (offset.every((number) => number === 0)) {
    return drawScale(drawing, name, inputs[0], { opType: 'Mul', data: scale });
  }
  const scaled = drawScale(drawing, `${name}/scale`, inputs[0], { opType: 'Mul', data: scale });
  return drawScale(drawing, name, scaled, { opType: 'Add', data: offset });
};

/** (x − mean) / max(√variance, 1e-7), the numbers among the weights or in the description. */
const normalization: LayerRule = (reading, name) => {
  const { drawing, inputs } = reading;
  const numbers = (role: 'mean' | 'variance') =>
    reading.tensor(role)?.data ?? numbersSetting(reading, role, Number.NaN);
  const moved = drawScale(drawing, `${name}/centred`, inputs[0], {
    opType: 'Sub',
    data: numbers('mean'),
  });
  const deviations = numbers('variance').map((variance) => Math.max(Math.sqrt(variance), 1e-7));
  return drawScale(drawing, name, moved, { opType: 'Div', data: deviations });
};

const identity: LayerRule = ({ drawing, inputs }, name) =>
  drawNode(drawing, { name, opType: 'Identity', input: inputs[0] });

/** An operator of TensorFlow that Keras 2 wrote down as a layer: of two maps, or a map and a number. */
const operator: LayerRule = (reading, name) => {
  const { drawing, inputs, layer } = reading;
  const operation = String(layer.config.function ?? '');
  const opType = Object.hasOwn(OPERATORS, operation) ? OPERATORS[operation] : undefined;
  if (!opType) throw unfit(reading, 'function', Object.keys(OPERATORS).join(' or '));
  const [number, ...more] = layer.operands;
  if (inputs.length === 2 && (opType === 'Add' || opType === 'Mul')) {
    return merge(opType === 'Add' ? 'Sum' : opType)(reading, name);
  }
  if (inputs.length !== 1 || typeof number !== 'number' || more.length > 0) {
    throw refusedLayer(reading, 'is not of two maps, or of a map and a number');
  }
  return drawScale(drawing, name, inputs[0], { opType, data: Float32Array.of(number) });
};

const OPERATORS: Readonly<Record<string, 'Add' | 'Sub' | 'Mul' | 'Div'>> = {
  '__operators__.add': 'Add',
  'math.add': 'Add',
  'math.subtract': 'Sub',
  'math.multiply': 'Mul',
  'math.truediv': 'Div',
  'math.divide': 'Div',
};

/** Layers by their classes. */
const RULES: Readonly<Record<string, LayerRule>> = {
  Activation: activation,
  ActivityRegularization: identity,
  Add: merge('Sum'),
  AlphaDropout: identity,
  AveragePooling2D: pool('AveragePool'),
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: convolution,
  Dense: dense,
  DepthwiseConv2D: depthwise,
  Dropout: identity,
  Flatten: flatten,
  GaussianDropout: identity,
  GaussianNoise: identity,
  GlobalAveragePooling2D: globalPool('GlobalAveragePool'),
  GlobalMaxPooling2D: globalPool('GlobalMaxPool'),
  LeakyReLU: leakyRelu,
  MaxPooling2D: pool('MaxPool'),
  Multiply: merge('Mul'),
  Normalization: normalization,
  RandomBrightness: identity,
  RandomContrast: identity,
  RandomFlip: identity,
  RandomRotation: identity,
  RandomTranslation: identity,
  RandomZoom: identity,
  ReLU: relu,
  Rescaling: rescaling,
  Reshape: reshape,
  SeparableConv2D: separable,
  Softmax: (reading, name) => drawActivation(reading, name, reading.inputs[0], 'softmax'),
  SpatialDropout2D: identity,
  TFOpLambda: operator,
  ZeroPadding2D: zeroPadding,
};

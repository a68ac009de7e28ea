import type { ActivationKind } from '../../graph/graph.js';
import { floatAttribute, wholeAttribute } from './attributes.js';
import {
  addNode,
  addParameter,
  type Builder,
  constantAt,
  type OnnxValue,
  plainAt,
  type Reading,
  type Rule,
  shapeOfValue,
  valueAt,
} from './builder.js';
import { biasOfFilter, isVector } from './filters.js';
import { hardSwishOfProduct, scaledByConstant, scaledByNumbers } from './scales.js';
import { isFloating } from './tensors.js';

/** What works value by value, and whose numbers are the same in any order. */
export function activation(kind: ActivationKind): Rule {
  return (reading) => {
    const value = valueAt(reading, 0);
    if (!value?.axes || value.padding) return undefined;
    const { name } = reading;
    const map = addNode(reading, {
      kind: 'activation',
      name,
      inputs: [value.map],
      activation: kind,
    });
    return { ...value, map };
  };
}

/** Clip from 0 on, or from 0 to 6. */
export const clip: Rule = (reading) => {
  const [least, most] = [bound(reading, 1, 'min'), bound(reading, 2, 'max')];
  if (least !== 0 || most === undefined) return undefined;
  if (most === 6) return activation('relu6')(reading);
  return most >= LARGEST ? activation('relu')(reading) : undefined;
};

/** The largest float32: what some exporters write where there is no bound. */
const LARGEST = 3.4028234e38;

/** A bound of Clip, an attribute in older versions and an input in newer ones; undefined where it is not known. */
function bound(reading: Reading, input: number, name: 'min' | 'max'): number | undefined {
  const { node, builder } = reading;
  const none = name === 'min' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (builder.opset < 11) return floatAttribute(node, name, none);
  if (!node.input[input]) return none;
  return constantAt(reading, input)?.numbers()[0];
}

/** HardSigmoid: with PyTorch's slope, x / 6 + 1 / 2, or that of what is scaled to it before. */
export const hardSigmoid: Rule = (reading) => {
  const slope = floatAttribute(reading.node, 'alpha', 0.2);
  const shift = floatAttribute(reading.node, 'beta', 0.5) - 0.5;
  if (Math.abs(slope - 1 / 6) < 1e-6 && shift === 0) return activation('hard-sigmoid')(reading);
  const value = plainAt(reading, 0);
  if (!value) return undefined;
  const [factor, addend] = [Math.fround(6 * slope), Math.fround(6 * shift)];
  const map = scaledByNumbers(reading, value, { factor, addend });
  const { name } = reading;
  addNode(reading, { kind: 'activation', name, inputs: [map], activation: 'hard-sigmoid' });
  return { ...value, map: name };
};

/** BatchNormalization by running statistics. */
export const batchNormalization: Rule = (reading) => {
  const { builder, node, name } = reading;
  const value = plainAt(reading, 0);
  if (!value || value.axes === 'NHWC') return undefined;
  const { channels } = shapeOfValue(builder, value);
  const trains = wholeAttribute(node, 'training_mode', 0) === 1;
  const [weight, bias, mean, variance] = [1, 2, 3, 4] as const;
  const inputs = [weight, bias, mean, variance];
  if (trains || !inputs.every((input) => isVector(constantAt(reading, input), channels))) {
    return undefined;
  }
  const parameter = (input: number) =>
    addParameter(reading, { input, form: { kind: 'same' }, shape: [channels] });
  const map = addNode(reading, {
    kind: 'batch-norm',
    name,
    inputs: [value.map],
    weight: parameter(weight),
    bias: parameter(bias),
    mean: parameter(mean),
    variance: parameter(variance),
    epsilon: floatAttribute(node, 'epsilon', 1e-5),
  });
  return { ...value, map };
};

/** Add and Sum: maps of one shape, or a filter's bias. */
export const add: Rule = (reading) => {
  const { builder, node, name } = reading;
  if (node.opType === 'Add' && node.input.some((_, at) => constantAt(reading, at))) {
    return biasOfFilter(reading) ?? scaledByConstant(reading, 'add');
  }
  const values = likeValues(reading);
  if (!values || values.length < 2) return undefined;
  const shapes = new Set(values.map((value) => JSON.stringify(shapeOfValue(builder, value))));
  if (shapes.size > 1) return undefined;
  const map = addNode(reading, { kind: 'add', name, inputs: values.map((value) => value.map) });
  return { ...(values[0] as OnnxValue), map };
};

/** Mul of two maps of one shape, or of a map and one number a channel. */
export const multiply: Rule = (reading) => {
  const { builder, name, node } = reading;
  if (node.input.some((_, at) => constantAt(reading, at))) {
    return scaledByConstant(reading, 'multiply');
  }
  const values = likeValues(reading);
  if (values?.length !== 2) return undefined;
  const [one, other] = values as [OnnxValue, OnnxValue];
  const [map, gate] = isGate(builder, one, other) ? [other, one] : [one, other];
  const alike =
    JSON.stringify(shapeOfValue(builder, map)) === JSON.stringify(shapeOfValue(builder, gate));
  if (!alike && !isGate(builder, gate, map)) return undefined;
  return (
    hardSwishOfProduct(reading, [one, other]) ?? {
      ...map,
      map: addNode(reading, { kind: 'multiply', name, inputs: [map.map, gate.map] }),
    }
  );
};

function isGate(builder: Builder, gate: OnnxValue, map: OnnxValue): boolean {
  const [small, large] = [shapeOfValue(builder, gate), shapeOfValue(builder, map)];
  const single = small.height === 1 && small.width === 1;
  return single && small.channels === large.channels && large.height * large.width > 1;
}

/** What a node reads where all of it is maps whose numbers lie in the same order. */
function likeValues(reading: Reading): readonly OnnxValue[] | undefined {
  const values = reading.node.input.map((_, at) => valueAt(reading, at));
  const [first] = values;
  const alike = values.every(
    (value) =>
      value?.axes !== undefined &&
      value.axes === first?.axes &&
      value.positions === first.positions &&
      !value.padding,
  );
  return alike ? (values as readonly OnnxValue[]) : undefined;
}

/** What leaves its input as it is: Identity, Dropout when it only answers. */
export const identity: Rule = (reading) => valueAt(reading, 0);

/** Cast from one floating-point type to another: the graph runs in float32. */
export const cast: Rule = (reading) =>
  isFloating(wholeAttribute(reading.node, 'to', 0)) ? valueAt(reading, 0) : undefined;

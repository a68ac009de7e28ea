/** σ of the two-layer network. */
export type Activation = 'tanh' | 'sigmoid' | 'relu';

/** σ of a layer on feature maps, by PyTorch's definitions. */
export const MAP_ACTIVATIONS = [
  'none',
  'relu',
  'relu6',
  'hard-swish',
  'sigmoid',
  'hard-sigmoid',
] as const;
export type MapActivation = (typeof MAP_ACTIVATIONS)[number];

/** Those whose derivative is known from their value alone. A hard-swish takes some values twice. */
export type ReadableActivation = Activation | Exclude<MapActivation, 'hard-swish'>;

/** What σ′ is worked out from; nothing where it is 1. */
export type Bend =
  | { readonly from: 'nothing' }
  | { readonly from: 'input'; readonly activation: MapActivation }
  | { readonly from: 'output'; readonly activation: ReadableActivation };

/** What a function takes and gives: one number, or four neighbours. */
export type Value = 'f32' | 'vec4<f32>';

/**
 * WGSL of `activate(x)` = σ(x). Written so that nothing overflows and NaN stays NaN: a clamp or
 * `max` would turn a diverged weight into a harmless-looking activation.
 */
export function activateFunction(activation: Activation | MapActivation, value: Value): string {
  const zero = `${value}()`;
  const [one, three, six] = [1, 3, 6].map((number) => `${value}(${number}.0)`);
  const bodies = {
    none: 'return x;',
    tanh: `let e = exp(-2.0 * abs(x));
  let t = (1.0 - e) / (1.0 + e);
  return select(-t, t, x >= ${zero});`,
    sigmoid: `let e = exp(-abs(x));
  return select(e, ${one}, x >= ${zero}) / (1.0 + e);`,
    relu: `return select(x, ${zero}, x < ${zero});`,
    relu6: `return select(select(x, ${six}, x > ${six}), ${zero}, x < ${zero});`,
    'hard-sigmoid': `let part = (x + 3.0) * ${1 / 6};
  return select(select(part, ${one}, x > ${three}), ${zero}, x < -${three});`,
    'hard-swish': `let part = (x + 3.0) * ${1 / 6};
  return x * select(select(part, ${one}, x > ${three}), ${zero}, x < -${three});`,
  };
  return `fn activate(x: ${value}) -> ${value} {
  ${bodies[activation]}
}`;
}

/** WGSL of `derivative(h)` = σ′(x), written in h = σ(x) so that x itself need not be kept. */
export function derivativeOfOutput(activation: ReadableActivation, value: Value): string {
  const zero = `${value}()`;
  const one = `${value}(1.0)`;
  const bodies = {
    none: `return ${one};`,
    tanh: 'return 1.0 - h * h;',
    sigmoid: 'return h * (1.0 - h);',
    relu: `return select(${zero}, ${one}, h > ${zero});`,
    relu6: `return ${within('h', [zero, `${value}(6.0)`], one, value)};`,
    'hard-sigmoid': `return ${within('h', [zero, one], `${value}(${1 / 6})`, value)};`,
  };
  return `fn derivative(h: ${value}) -> ${value} {
  ${bodies[activation]}
}`;
}

/**
 * WGSL of `derivative(x)` = σ′(x), written in the argument x. At a kink it is the flat side's, as
 * in PyTorch.
 */
export function derivativeOfInput(activation: MapActivation, value: Value): string {
  const zero = `${value}()`;
  const one = `${value}(1.0)`;
  const three = `${value}(3.0)`;
  const bodies = {
    none: `return ${one};`,
    sigmoid: `let e = exp(-abs(x));
  return e / ((1.0 + e) * (1.0 + e));`,
    relu: `return select(${zero}, ${one}, x > ${zero});`,
    relu6: `return ${within('x', [zero, `${value}(6.0)`], one, value)};`,
    'hard-sigmoid': `return ${within('x', [`-${three}`, three], `${value}(${1 / 6})`, value)};`,
    'hard-swish': `let bend = x * ${1 / 3} + 0.5;
  return select(select(${zero}, bend, x > -${three}), ${one}, x >= ${three});`,
  };
  return `fn derivative(x: ${value}) -> ${value} {
  ${bodies[activation]}
}`;
}

/** WGSL of `derivative` as `bend` says: of σ's argument or of its value. Empty where σ′ is 1. */
export function derivativeOfBend(bend: Bend, value: Value): string {
  if (bend.from === 'nothing') return '';
  return bend.from === 'input'
    ? derivativeOfInput(bend.activation, value)
    : derivativeOfOutput(bend.activation, value);
}

/** `inside` where lower < x < upper, zero elsewhere. */
function within(
  x: string,
  [lower, upper]: readonly [string, string],
  inside: string,
  value: Value,
): string {
  const above = `select(${value}(), ${inside}, ${x} > ${lower})`;
  return `select(${above}, ${value}(), ${x} >= ${upper})`;
}

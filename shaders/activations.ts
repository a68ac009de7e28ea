/** σ of the two-layer network. */
export type Activation = 'tanh' | 'sigmoid' | 'relu';

/** What a function is of: one number or four neighbours. */
export type Value = 'f32' | 'vec4<f32>';

/**
 * WGSL of `activate(x)` = σ(x). Written so that nothing overflows and NaN stays NaN: a clamp or
 * `max` would turn a diverged weight into a harmless-looking activation.
 */
export function activateFunction(activation: Activation, value: Value): string {
  const zero = `${value}()`;
  const bodies = {
    tanh: `let e = exp(-2.0 * abs(x));
  let t = (1.0 - e) / (1.0 + e);
  return select(-t, t, x >= ${zero});`,
    sigmoid: `let e = exp(-abs(x));
  return select(e, ${value}(1.0), x >= ${zero}) / (1.0 + e);`,
    relu: `return select(x, ${zero}, x < ${zero});`,
  };
  return `fn activate(x: ${value}) -> ${value} {
  ${bodies[activation]}
}`;
}

/** WGSL for σ′(x), written in h = σ(x) so that x itself need not be kept. */
export const DERIVATIVE: Readonly<Record<Activation, string>> = {
  tanh: 'fn derivative(h: f32) -> f32 { return 1.0 - h * h; }',
  sigmoid: 'fn derivative(h: f32) -> f32 { return h * (1.0 - h); }',
  relu: 'fn derivative(h: f32) -> f32 { return select(0.0, 1.0, h > 0.0); }',
};

/** σ of the two-layer network. */
export type Activation = 'tanh' | 'sigmoid' | 'relu';

/**
 * WGSL for σ(x). Written so that nothing overflows and NaN stays NaN: a clamp or `max` would turn
 * a diverged weight into a harmless-looking activation.
 */
export const ACTIVATE: Readonly<Record<Activation, string>> = {
  tanh: `fn activate(x: f32) -> f32 {
  let e = exp(-2.0 * abs(x));
  let t = (1.0 - e) / (1.0 + e);
  return select(-t, t, x >= 0.0);
}`,
  sigmoid: `fn activate(x: f32) -> f32 {
  let e = exp(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}`,
  relu: 'fn activate(x: f32) -> f32 { return select(x, 0.0, x < 0.0); }',
};

/** WGSL for σ′(x), written in h = σ(x) so that x itself need not be kept. */
export const DERIVATIVE: Readonly<Record<Activation, string>> = {
  tanh: 'fn derivative(h: f32) -> f32 { return 1.0 - h * h; }',
  sigmoid: 'fn derivative(h: f32) -> f32 { return h * (1.0 - h); }',
  relu: 'fn derivative(h: f32) -> f32 { return select(0.0, 1.0, h > 0.0); }',
};

import { unroll } from './unroll.js';

/** The loss of an example: ‖f − y‖², or the cross-entropy of the softmax of f. */
export type LossKind = 'squared' | 'cross-entropy';

/**
 * WGSL for the loss at one example, `point_loss(outputs, targets)`, for one network (T = f32) or
 * for four at once (T = vec4<f32>). squared: ‖f − y‖²; cross-entropy: log Σ_c e^{f_c} − f · y for
 * a one-hot y, with the largest f taken out first so that no exponential overflows.
 */
export function pointLoss(loss: LossKind, outputs: number, type: 'f32' | 'vec4<f32>'): string {
  const head = `fn point_loss(f: array<${type}, ${outputs}>, y: array<f32, ${outputs}>) -> ${type} {`;
  if (loss === 'squared') {
    return `${head}
  var sum = ${type}();
${unroll(outputs, (c) => `  let e${c} = f[${c}] - y[${c}];\n  sum += e${c} * e${c};`)}
  return sum;
}`;
  }
  return `${head}
  var largest = f[0];
${unroll(outputs - 1, (c) => `  largest = max(largest, f[${c + 1}]);`)}
  var sum = ${type}();
  var chosen = ${type}();
${unroll(outputs, (c) => `  sum += exp(f[${c}] - largest);\n  chosen += f[${c}] * y[${c}];`)}
  return log(sum) + largest - chosen;
}`;
}

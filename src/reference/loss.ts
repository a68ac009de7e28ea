import type { LossKind } from '../../shaders/point-loss.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';
import { networkLossesReference } from './network-losses.js';

export interface LossProblem {
  readonly m: number;
  /** C. */
  readonly outputs: number;
  readonly loss: LossKind;
  /** f [m × C]. */
  readonly values: Element;
  /** Y [m × C]. */
  readonly targets: Element;
}

/**
 * The pair (Σ loss, number classified correctly) in float64. C = 1: f and y lie on the same side of
 * 1/2, which belongs to the upper; C > 1: the largest f, the first of equals, is at y's one. The
 * count is exact.
 */
export function lossReference(problem: LossProblem): Bounded {
  const { m, outputs, values, targets } = problem;
  const { value, bound } = networkLossesReference({ ...problem, networks: 1 });
  let correct = 0;
  for (let j = 0; j < m; j++) {
    const f = Array.from({ length: outputs }, (_, c) => values(j, c));
    const [first = Number.NaN] = f;
    const hit =
      outputs === 1
        ? first >= 0.5 === targets(j, 0) >= 0.5
        : targets(j, f.indexOf(Math.max(...f))) > 0.5;
    if (hit) correct++;
  }
  return {
    value: Float64Array.of(value[0] ?? Number.NaN, correct),
    bound: Float64Array.of(bound[0] ?? Number.NaN, 0),
  };
}

import type { OutputLayerEpilogue } from '../../shaders/output-layer.wgsl.js';
import {
  type Approx,
  exactly,
  exponential,
  inner,
  largest,
  minus,
  over,
  times,
  total,
  valuesWithBounds,
} from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';

export interface OutputLayerProblem {
  readonly m: number;
  readonly n: number;
  /** C. */
  readonly outputs: number;
  readonly epilogue: OutputLayerEpilogue;
  /** H [m × N]. */
  readonly activations: Element;
  /** B [N × C]. */
  readonly weights: Element;
  /** Y [m × C], the targets of these examples. */
  readonly targets: Element;
}

/** H B / N, itself or off Y, [m × C] in float64, with the error bound of a float32 kernel. */
export function outputLayerReference(problem: OutputLayerProblem): Bounded {
  const { m, n, outputs, epilogue, activations, weights, targets } = problem;
  const scale = over(exactly(1), exactly(n));
  const rows = Array.from({ length: m }, (_, j) => {
    const f = Array.from({ length: outputs }, (_, c) =>
      times(
        scale,
        inner(
          n,
          (i) => activations(j, i),
          (i) => weights(i, c),
        ),
      ),
    );
    if (epilogue === 'store') return f;
    const stored = epilogue === 'subtract-targets' ? f : softmax(f);
    return stored.map((value, c) => minus(value, exactly(targets(j, c))));
  });
  return valuesWithBounds(rows.flat());
}

function softmax(logits: readonly Approx[]): readonly Approx[] {
  const peak = largest(logits);
  const powers = logits.map((logit) => exponential(minus(logit, peak)));
  const sum = total(powers);
  return powers.map((power) => over(power, sum));
}

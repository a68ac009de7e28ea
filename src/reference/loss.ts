import { type Bounded, sumBound, UNIT } from './bound.js';
import type { Element } from './element.js';

export interface LossProblem {
  readonly m: number;
  /** C. */
  readonly outputs: number;
  /** f − y [m × C]. */
  readonly residual: Element;
  /** Y [m × C]. */
  readonly targets: Element;
}

/**
 * The pair (Σ‖f − y‖², number classified correctly) in float64. C = 1: f and y lie on the same
 * side of 1/2, which belongs to the upper; C > 1: the largest f, the first of equals, is at y's one.
 */
export function lossReference({ m, outputs, residual, targets }: LossProblem): Bounded {
  let loss = 0;
  let correct = 0;
  let open = 0;
  for (let j = 0; j < m; j++) {
    const labels = Array.from({ length: outputs }, (_, c) => targets(j, c));
    for (let c = 0; c < outputs; c++) loss += residual(j, c) ** 2;
    const ranges = labels.map((y, c) => float32Sum(residual(j, c), y));
    const verdicts = outputs === 1 ? sidesAgree(ranges, labels) : winnersAgree(ranges, labels);
    if (verdicts.every(Boolean)) correct++;
    else if (verdicts.some(Boolean)) open++;
  }
  // The loss is a sum of m C squares. An example that rounding can tip over counts half, ± a half.
  return {
    value: Float64Array.of(loss, correct + open / 2),
    bound: Float64Array.of(sumBound(m * outputs, loss), open / 2),
  };
}

type Range = readonly [low: number, high: number];

/** Where x + y may lie in float32: WGSL rounds it either way unless it is representable. */
function float32Sum(x: number, y: number): Range {
  const sum = x + y;
  const error = Math.fround(sum) === sum ? 0 : 2 * UNIT * Math.abs(sum);
  return [sum - error, sum + error];
}

/** Whether f is on y's side of 1/2, for f at either end of its range. */
function sidesAgree(ranges: readonly Range[], labels: readonly number[]): boolean[] {
  return labels.flatMap((y, c) => (ranges[c] ?? []).map((f) => f >= 0.5 === y >= 0.5));
}

/** Whether y has its one there, for each output that may come out as the first largest. */
function winnersAgree(ranges: readonly Range[], labels: readonly number[]): boolean[] {
  const mayWin = ([, high]: Range, c: number) =>
    ranges.every(([low], other) => (other < c ? high > low : high >= low));
  return ranges.flatMap((range, c) => (mayWin(range, c) ? [(labels[c] ?? 0) > 0.5] : []));
}

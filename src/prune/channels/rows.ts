/** Numbers that lie evenly apart in an array, or rows that begin so. */
export interface Strided {
  readonly values: Float64Array;
  /** Of the first. */
  readonly at: number;
  /** From one to the next. */
  readonly step: number;
}

/**
 * target ← target + scale · Σ_k factor_k · row_k over `count` rows as long as the target, in float64. Four
 * rows are added at once, so that the target is read and written a quarter as often: one at a time
 * takes about three times as long.
 */
export function addRows(
  target: Float64Array,
  scale: number,
  factors: Strided,
  rows: Strided & { readonly count: number },
): void {
  const { values, step, count } = rows;
  const { length } = target;
  const factor = (k: number) => scale * (factors.values[factors.at + k * factors.step] as number);
  let k = 0;
  for (; k + 4 <= count; k += 4) {
    const a = factor(k);
    const b = factor(k + 1);
    const c = factor(k + 2);
    const d = factor(k + 3);
    const p = rows.at + k * step;
    const q = p + step;
    const r = q + step;
    const s = r + step;
    for (let j = 0; j < length; j++) {
      target[j] =
        (target[j] as number) +
        a * (values[p + j] as number) +
        b * (values[q + j] as number) +
        c * (values[r + j] as number) +
        d * (values[s + j] as number);
    }
  }
  for (; k < count; k++) {
    const a = factor(k);
    if (a === 0) continue;
    const p = rows.at + k * step;
    for (let j = 0; j < length; j++) {
      target[j] = (target[j] as number) + a * (values[p + j] as number);
    }
  }
}

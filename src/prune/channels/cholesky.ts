/**
 * Small dense factors in float64, row-major. A pivot that rounding has used up, or that a dead
 * channel never had, is dropped: its direction is zero from then on, and gives and takes nothing.
 */

/** What of its first value a pivot must keep to count as a direction of its own. */
const DEPENDENT = 1e-13;

/**
 * L with L Lᵀ = A [n × n], in place of the lower triangle of `a`; what lies above stays.
 *
 * @param scale the diagonal that each pivot is measured by; A's own by default.
 */
export function factor(a: Float64Array, n: number, scale?: ArrayLike<number>): void {
  for (let i = 0; i < n; i++) {
    const own = scale?.[i] ?? a[i * n + i] ?? 0;
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (a[i * n + k] as number) * (a[j * n + k] as number);
      if (i === j) a[i * n + i] = sum > DEPENDENT * own ? Math.sqrt(sum) : 0;
      else a[i * n + j] = a[j * n + j] === 0 ? 0 : sum / (a[j * n + j] as number);
    }
  }
}

/** X ← L⁻¹ X for L [n × n] and X [n × columns], in place. */
export function solveLower(l: Float64Array, n: number, x: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * columns;
    for (let k = 0; k < i; k++) {
      const factor = l[i * n + k] as number;
      if (factor === 0) continue;
      const other = k * columns;
      for (let c = 0; c < columns; c++) {
        x[row + c] = (x[row + c] as number) - factor * (x[other + c] as number);
      }
    }
    divideRow(x, row, columns, l[i * n + i] as number);
  }
}

/** X ← L⁻ᵀ X, in place. */
export function solveUpper(l: Float64Array, n: number, x: Float64Array, columns: number): void {
  for (let i = n - 1; i >= 0; i--) {
    const row = i * columns;
    for (let k = i + 1; k < n; k++) {
      const factor = l[k * n + i] as number;
      if (factor === 0) continue;
      const other = k * columns;
      for (let c = 0; c < columns; c++) {
        x[row + c] = (x[row + c] as number) - factor * (x[other + c] as number);
      }
    }
    divideRow(x, row, columns, l[i * n + i] as number);
  }
}

function divideRow(x: Float64Array, row: number, columns: number, pivot: number): void {
  const inverse = pivot === 0 ? 0 : 1 / pivot;
  for (let c = 0; c < columns; c++) x[row + c] = (x[row + c] as number) * inverse;
}

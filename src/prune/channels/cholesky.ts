import { addRows } from './rows.js';

/**
 * Small dense factors in float64, row-major. A pivot that rounding has used up, or that a dead
 * channel never had, is dropped: its direction is zero from then on, and gives and takes nothing.
 */

/** What of its first value a pivot must keep to count as a direction of its own. */
const DEPENDENT = 1e-13;

/**
 * Lᵀ with L Lᵀ = A [n × n], in place of the upper triangle of `a`; what lies below stays.
 *
 * @param scale the diagonal that each pivot is measured by; A's own by default.
 */
export function factor(a: Float64Array, n: number, scale?: ArrayLike<number>): void {
  for (let i = 0; i < n; i++) {
    const own = scale?.[i] ?? a[i * n + i] ?? 0;
    const row = a.subarray(i * n + i, (i + 1) * n);
    const above = { values: a, at: i, step: n, count: i };
    addRows(row, -1, above, above);
    const pivot = row[0] as number;
    divideRow(row, pivot > DEPENDENT * own ? Math.sqrt(pivot) : 0);
  }
}

/** X ← L⁻¹ X, of Lᵀ [n × n] as `factor` leaves it and X [n × columns], in place. */
export function solveLower(
  factored: Float64Array,
  n: number,
  x: Float64Array,
  columns: number,
): void {
  for (let i = 0; i < n; i++) {
    const row = x.subarray(i * columns, (i + 1) * columns);
    const solved = { values: x, at: 0, step: columns, count: i };
    addRows(row, -1, { values: factored, at: i, step: n }, solved);
    divideRow(row, factored[i * n + i] as number);
  }
}

/** X ← L⁻ᵀ X, in place. */
export function solveUpper(
  factored: Float64Array,
  n: number,
  x: Float64Array,
  columns: number,
): void {
  for (let i = n - 1; i >= 0; i--) {
    const row = x.subarray(i * columns, (i + 1) * columns);
    const solved = { values: x, at: (i + 1) * columns, step: columns, count: n - 1 - i };
    addRows(row, -1, { values: factored, at: i * n + i + 1, step: 1 }, solved);
    divideRow(row, factored[i * n + i] as number);
  }
}

function divideRow(row: Float64Array, pivot: number): void {
  const inverse = pivot === 0 ? 0 : 1 / pivot;
  for (let c = 0; c < row.length; c++) row[c] = (row[c] as number) * inverse;
}

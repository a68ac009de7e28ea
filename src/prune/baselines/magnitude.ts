import { descending } from './ranking.js';

/**
 * `magnitude`: neurons by ‖a_i‖ · ‖b_i‖, from the weights alone.
 *
 * @param hidden A [N × d].
 * @param output B [N × C].
 */
export function rankByMagnitude(
  width: number,
  hidden: Float32Array,
  output: Float32Array,
): Uint32Array {
  const norms = (rows: Float32Array) => {
    const columns = rows.length / width;
    return Float64Array.from({ length: width }, (_, i) =>
      norm(rows.subarray(i * columns, (i + 1) * columns)),
    );
  };
  const [inner, outer] = [norms(hidden), norms(output)];
  return descending(inner.map((norm, i) => norm * (outer[i] ?? 0)));
}

/** Of float32 values: their squares and sums stay within float64's range. */
function norm(row: Float32Array): number {
  let sum = 0;
  for (const value of row) sum += value * value;
  return Math.sqrt(sum);
}

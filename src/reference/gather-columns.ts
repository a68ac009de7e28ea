import type { Element } from './element.js';

/** The columns `columns` of the first m rows, side by side [m × columns]: a copy, so without error. */
export function gatherColumnsReference(
  m: number,
  elements: Element,
  columns: readonly number[],
): Float64Array {
  const value = new Float64Array(m * columns.length);
  for (let row = 0; row < m; row++) {
    columns.forEach((column, q) => {
      value[row * columns.length + q] = elements(row, column);
    });
  }
  return value;
}

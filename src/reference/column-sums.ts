import { type Approx, exactly, total } from './approx.js';
import type { Element } from './element.js';

/** The sum of each column over these rows, in any order. */
export function columnSumsReference(
  rows: readonly number[],
  columns: readonly number[],
  element: Element,
): readonly Approx[] {
  return columns.map((column) => total(rows.map((row) => exactly(element(row, column)))));
}

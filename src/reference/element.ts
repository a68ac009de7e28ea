/** Element (row, column) of a matrix, wherever and however it is stored. */
export type Element = (row: number, column: number) => number;

/** The elements of a row-major matrix without padding; NaN past its end, so that a slip shows. */
export function rowMajor(data: ArrayLike<number>, columns: number): Element {
  return (row, column) => data[row * columns + column] ?? Number.NaN;
}

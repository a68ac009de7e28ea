import type { RowWalk } from '../../src/kernels/row-walk.js';

/** The rows of each slice, by the walk's definition. */
export function sliceRows({ rows, slices, slice_rows, slice_step, row_step }: RowWalk) {
  return Array.from({ length: slices }, (_, slice) =>
    Array.from({ length: slice_rows }, (_, turn) => slice * slice_step + turn * row_step).filter(
      (row) => row < rows,
    ),
  );
}

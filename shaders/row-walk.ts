/** Threads of a workgroup in which each walks rows of its own. */
export const ROW_WALK_THREADS = 64;

/** Uniforms of `ROW_WALK`; `src/kernels/row-walk.ts` chooses them. */
export const ROW_WALK_UNIFORMS = {
  rows: 'u32',
  vectors: 'u32',
  slices: 'u32',
  slice_rows: 'u32',
  slice_step: 'u32',
  row_step: 'u32',
} as const;

/**
 * WGSL by which a thread finds its part of a matrix [rows × vectors of four columns]: `column`, a
 * vector, and `count` rows of it, those of `slice`. The first is element `at` of the array, the next
 * one `step` elements on. All that belongs to a channel is then loaded once a thread.
 */
export const ROW_WALK = `
  let thread = workgroup * ${ROW_WALK_THREADS}u + local;
  let slice = thread / params.vectors;
  if (slice >= params.slices) { return; }
  let column = thread % params.vectors;
  let begin = slice * params.slice_step;
  let count = min(
    params.slice_rows,
    (params.rows - begin + params.row_step - 1u) / params.row_step,
  );
  let step = params.row_step * params.vectors;
  var at = begin * params.vectors + column;`;

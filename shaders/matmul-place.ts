import type { MatmulTile } from './matmul-options.js';

/**
 * The slice of k that a workgroup sums, begin ≤ p < end, and the first row and column of its tile.
 * The slices' tiles follow each other in the grid; a product in one piece has one slice.
 */
export function tilePlace([rows, columns]: MatmulTile, symmetric: boolean): string {
  return `
  let across = (params.n + ${columns - 1}u) / ${columns}u;
  let down = (params.m + ${rows - 1}u) / ${rows}u;
  let slice = workgroup / (across * down);
  let top = ((workgroup / across) % down) * ${rows}u;
  let left = (workgroup % across) * ${columns}u;
  if (slice >= params.slices${symmetric ? ` || left + ${columns}u <= top` : ''}) { return; }
  // In variables, since a software adapter reads a uniform anew wherever it stands.
  let begin = min(slice * params.slice_depth, params.k);
  let end = min(begin + params.slice_depth, params.k);`;
}

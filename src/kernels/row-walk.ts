import { ROW_WALK_THREADS } from '../../shaders/row-walk.js';
import type { FeatureMap } from './feature-map.js';

/** How the rows of a matrix are dealt out to threads, by the names of `ROW_WALK_UNIFORMS`. */
export interface RowWalk {
  readonly rows: number;
  readonly vectors: number;
  readonly slices: number;
  readonly slice_rows: number;
  readonly slice_step: number;
  readonly row_step: number;
}

/**
 * `interleaved` suits hardware: neighbouring threads read neighbouring rows at the same time, in
 * one transaction. `blocks` suits a software adapter, which runs one thread to its end before the
 * next: each one's rows are neighbours.
 */
export const ROW_WALK_VARIANTS = ['interleaved', 'blocks'] as const;
export type RowWalkVariant = (typeof ROW_WALK_VARIANTS)[number];

/**
 * What a thread leaves: rows of its own, or partial sums. A later kernel reads those again, so they
 * must be few beside the rows, or beside what each tile of many positions reads.
 */
export type RowWalkPurpose = 'rows' | 'sums' | 'tiles';

/** The fewest rows of a slice: so many that what a thread loads once costs little. */
const LEAST_ROWS = {
  interleaved: { rows: 4, sums: 8, tiles: 2 },
  blocks: { rows: 32, sums: 256, tiles: 16 },
} as const;

/**
 * Threads that keep a GPU's memory busy; more would only leave more partial sums. On an H200 half as
 * many take 1.7 times as long for the maps of ResNet-34, and a fifth less for those of ResNet-20.
 */
const BUSY_THREADS = 16_384;

/** Deals out a matrix [rows × vectors of four]. */
export function rowWalk(
  variant: RowWalkVariant,
  { rows, vectors }: { readonly rows: number; readonly vectors: number },
  purpose: RowWalkPurpose,
): RowWalk {
  const interleaved = variant === 'interleaved';
  const most = Math.ceil(rows / LEAST_ROWS[variant][purpose]);
  const busy = Math.ceil(BUSY_THREADS / vectors);
  const wanted = interleaved && purpose !== 'rows' ? Math.min(most, busy) : most;
  const slice_rows = Math.ceil(rows / wanted);
  const slices = Math.ceil(rows / slice_rows);
  return {
    rows,
    vectors,
    slices,
    slice_rows,
    slice_step: interleaved ? 1 : slice_rows,
    row_step: interleaved ? slices : 1,
  };
}

export function walkWorkgroups({ slices, vectors }: RowWalk): number {
  return Math.ceil((slices * vectors) / ROW_WALK_THREADS);
}

/** The slices of the rows of a map's first images, each of which leaves sums of its own. */
export function sumsWalk(map: FeatureMap, variant: RowWalkVariant, images = map.images): RowWalk {
  const rows = images * map.height * map.width;
  return rowWalk(variant, { rows, vectors: map.matrix.stride / 4 }, 'sums');
}

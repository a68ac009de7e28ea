import type { StorageFormat } from '../src/half.js';
import type { Activation } from './activations.js';

/** What becomes of alpha · A B before it is stored in `out`. */
export type Epilogue =
  | { readonly kind: 'store' }
  /** out = out + alpha · A B */
  | { readonly kind: 'accumulate' }
  /** out = σ(alpha · A B) */
  | { readonly kind: 'activation'; readonly activation: Activation }
  /** velocity = decay · velocity + alpha · A B;  out = out − rate · velocity */
  | { readonly kind: 'momentum' }
  /** out = out − rate · alpha · A B */
  | { readonly kind: 'descent' };

/**
 * `tiled` stages blocks of A and B in workgroup memory and suits hardware. On a software adapter
 * barriers and workgroup memory cost more than they save and a load costs as much as a dozen
 * multiply-adds; there `subgroup` keeps a tall tile in registers, columns of its own a lane, and
 * passes each loaded element of A on to the other lanes. `lanes` is the same without subgroups.
 */
export type MatmulVariant = 'tiled' | 'subgroup' | 'lanes';

/** Rows and columns of `out` that a workgroup computes. */
export type MatmulTile = readonly [rows: number, columns: number];

/** How the numbers of A, B and `out` are stored. */
export interface MatmulStorage {
  readonly a: StorageFormat;
  readonly b: StorageFormat;
  /** f16 goes with the epilogues `store` and `activation` only, and not with `symmetric`. */
  readonly out: StorageFormat;
}

export interface MatmulOptions {
  readonly storage: MatmulStorage;
  /** A is stored [k × m] instead of [m × k]. */
  readonly transposeA: boolean;
  /** Stored row r of A is row indices[first + r] of the buffer instead of row first + r. */
  readonly gather: boolean;
  readonly epilogue: Epilogue;
  readonly variant: MatmulVariant;
  /** `out` is symmetric: tiles below the diagonal are left out and filled from those above. */
  readonly symmetric: boolean;
  readonly tile: MatmulTile;
}

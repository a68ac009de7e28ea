import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { activateFunction } from './activations.js';
import { LANES, lanesBody } from './matmul-lanes.js';
import type { MatmulOptions, MatmulTile, MatmulVariant } from './matmul-options.js';
import { TILED_TILES, tiledBody, tiledThreads } from './matmul-tiled.js';
import { elementType, PACK_FOUR, UNPACK_FOUR, vectorType } from './storage.js';

export { LANES, POSITIONS } from './matmul-lanes.js';
export type {
  Epilogue,
  MatmulOptions,
  MatmulStorage,
  MatmulTile,
  MatmulVariant,
} from './matmul-options.js';

/** The tiles that each variant can be generated for; every row count divides by 4, every column count by 32. */
const TILES = {
  tiled: TILED_TILES,
  subgroup: [
    [16, 8 * LANES],
    [32, 4 * LANES],
    [16, 4 * LANES],
    [8, 8 * LANES],
    [8, 4 * LANES],
    [4, 4 * LANES],
  ],
  lanes: [
    [8, 4 * LANES],
    [4, 4 * LANES],
  ],
} as const satisfies Record<MatmulVariant, readonly MatmulTile[]>;

export const MATMUL_VARIANTS = Object.keys(TILES) as readonly MatmulVariant[];

/** The tiles of a variant, the largest first. */
export function matmulTiles(variant: MatmulVariant, transposeA: boolean): readonly MatmulTile[] {
  // Of a transposed A, each lane of a subgroup reads four rows at once.
  const least = transposeA && variant === 'subgroup' ? 16 : 4;
  return TILES[variant].filter(([rows]) => rows >= least);
}

/**
 * out [m × n] = epilogue(alpha · op(A) op(B)), all row-major with strides in numbers. In slices of k:
 * out [slices × m × n], one sum for each slice of `slice_depth` positions, a multiple of four.
 */
export function matmulShader(options: MatmulOptions) {
  const { epilogue, gather, storage } = options;
  const value = storedValue(options);
  const tiled = options.variant === 'tiled';
  // In fours wherever they are neighbours.
  const loadedA = tiled && !options.transposeA ? elementType : vectorType;
  const bindings = {
    a: ['read', loadedA(storage.a)],
    b: ['read', vectorType(storage.b)],
    out: ['read_write', storage.out === 'f16' ? vectorType('f16') : value],
    ...(gather && ({ indices: ['read', 'u32'] } as const)),
    ...(epilogue.kind === 'momentum' && ({ velocity: ['read_write', value] } as const)),
  } as const;
  const uniforms = {
    m: 'u32',
    n: 'u32',
    k: 'u32',
    slices: 'u32',
    slice_depth: 'u32',
    a_stride: 'u32',
    b_stride: 'u32',
    out_stride: 'u32',
    first: 'u32',
    alpha: 'f32',
    decay: 'f32',
    rate: 'f32',
  } as const;
  return {
    name: 'matmul',
    bindings,
    uniforms,
    workgroupSize: tiled ? tiledThreads(options.tile) : ([LANES, 1] as const),
    enable: options.variant === 'subgroup' ? ['subgroups'] : [],
    body: accessors(options) + (tiled ? tiledBody(options) : lanesBody(options)),
  } as const;
}

/**
 * What is stored at once: four neighbours, which a software adapter takes in the time of two. Not
 * where `out` is symmetric: below the diagonal they are not neighbours.
 */
const storedValue = ({ symmetric }: MatmulOptions) => (symmetric ? 'f32' : 'vec4<f32>');

/** Index arithmetic and the epilogue, the same for every variant. */
function accessors(options: MatmulOptions): string {
  const { gather, epilogue, symmetric, storage } = options;
  const half = storage.out === 'f16';
  const value = storedValue(options);
  const activation = 'activation' in epilogue ? epilogue.activation : 'tanh';
  const unpacks = storage.a === 'f16' || storage.b === 'f16';
  return wgsl`
#if ${unpacks}
${UNPACK_FOUR}
#endif
#if ${half}
${PACK_FOUR}
#endif
fn stored_row(r: u32) -> u32 {
#if ${gather}
  return indices[params.first + r];
#else
  return params.first + r;
#endif
}
#if ${epilogue.kind === 'activation'}
${activateFunction(activation, value)}
#endif
fn put(at: u32, sum: ${value}) {
  let value = params.alpha * sum;
#if ${epilogue.kind === 'activation'}
  out[at] = ${half ? 'pack_four(activate(value))' : 'activate(value)'};
#elif ${epilogue.kind === 'momentum'}
  let step = params.decay * velocity[at] + value;
  velocity[at] = step;
  out[at] -= params.rate * step;
#elif ${epilogue.kind === 'accumulate'}
  out[at] += value;
#elif ${epilogue.kind === 'descent'}
  out[at] -= params.rate * value;
#else
  out[at] = ${half ? 'pack_four(value)' : 'value'};
#endif
}
// Columns j to j + 3 of a slice's row i.
fn store(slice: u32, i: u32, j: u32, sums: vec4<f32>) {
  if (i >= params.m || j >= params.n) { return; }
#if ${symmetric}
  for (var c = 0u; c < 4u; c++) { mirror(i, j + c, sums[c]); }
}
fn mirror(i: u32, j: u32, sum: f32) {
  if (j >= params.n || i > j) { return; }
  put(i * params.out_stride + j, sum);
  if (i < j) { put(j * params.out_stride + i, sum); }
#else
  // What lies past the last column pads the row.
  put(((slice * params.m + i) * params.out_stride + j) >> 2u, sums);
#endif
}
`;
}

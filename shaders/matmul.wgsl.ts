import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ACTIVATE, DERIVATIVE } from './activations.js';
import { LANES, lanesBody } from './matmul-lanes.js';
import type { MatmulOptions, MatmulVariant } from './matmul-options.js';
import { TILED_TILES, tiledBody, tiledThreads } from './matmul-tiled.js';

export { LANES } from './matmul-lanes.js';
export type { Epilogue, MatmulOptions, MatmulVariant } from './matmul-options.js';

/** The tiles that each variant can be generated for; every row count divides by 4, every column count by 64. */
export const MATMUL_TILES = {
  tiled: TILED_TILES,
  subgroup: [
    [16, 8 * LANES],
    [8, 8 * LANES],
    [16, 4 * LANES],
    [8, 4 * LANES],
    [4, 4 * LANES],
  ],
  lanes: [
    [8, 4 * LANES],
    [4, 4 * LANES],
  ],
} as const satisfies Record<MatmulVariant, readonly (readonly [number, number])[]>;

/** out [m × n] = epilogue(alpha · op(A) op(B)), all row-major with strides in words. */
export function matmulShader(options: MatmulOptions) {
  const { epilogue, gather } = options;
  const bindings = {
    a: ['read', 'f32'],
    b: ['read', options.variant === 'tiled' || options.transposeB ? 'f32' : 'vec4<f32>'],
    out: ['read_write', 'f32'],
    ...(gather && ({ rows: ['read', 'u32'] } as const)),
    ...(epilogue.kind === 'derivative' && ({ states: ['read', 'f32'] } as const)),
    ...(epilogue.kind === 'momentum' && ({ velocity: ['read_write', 'f32'] } as const)),
  } as const;
  const uniforms = {
    m: 'u32',
    n: 'u32',
    k: 'u32',
    a_stride: 'u32',
    b_stride: 'u32',
    out_stride: 'u32',
    first: 'u32',
    alpha: 'f32',
    decay: 'f32',
    rate: 'f32',
  } as const;
  const tiled = options.variant === 'tiled';
  return {
    name: 'matmul',
    bindings,
    uniforms,
    workgroupSize: tiled ? tiledThreads(options.tile) : ([LANES, 1] as const),
    enable: options.variant === 'subgroup' ? ['subgroups'] : [],
    body: accessors(options) + (tiled ? tiledBody(options) : lanesBody(options)),
  } as const;
}

/** Index arithmetic and the epilogue, the same for every variant. */
function accessors(options: MatmulOptions): string {
  const { gather, epilogue, symmetric } = options;
  const activation = 'activation' in epilogue ? epilogue.activation : 'tanh';
  return wgsl`
fn stored_row(r: u32) -> u32 {
#if ${gather}
  return rows[params.first + r];
#else
  return params.first + r;
#endif
}
#if ${epilogue.kind === 'activation'}
${ACTIVATE[activation]}
#elif ${epilogue.kind === 'derivative'}
${DERIVATIVE[activation]}
#endif
fn put(i: u32, j: u32, sum: f32) {
  let at = i * params.out_stride + j;
  let value = params.alpha * sum;
#if ${epilogue.kind === 'activation'}
  out[at] = activate(value);
#elif ${epilogue.kind === 'derivative'}
  out[at] = value * derivative(states[at]);
#elif ${epilogue.kind === 'momentum'}
  let step = params.decay * velocity[at] + value;
  velocity[at] = step;
  out[at] -= params.rate * step;
#elif ${epilogue.kind === 'descent'}
  out[at] -= params.rate * value;
#else
  out[at] = value;
#endif
}
fn store(i: u32, j: u32, sum: f32) {
  if (j >= params.n) { return; }
#if ${symmetric}
  if (i > j) { return; }
  if (i < j) { put(j, i, sum); }
#endif
  put(i, j, sum);
}
`;
}

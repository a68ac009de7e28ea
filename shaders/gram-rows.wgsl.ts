import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { SELECTION_STATE } from './selection-state.js';
import { unroll } from './unroll.js';

/**
 * `coalesced` gives each thread one column of four, so that a GPU has many threads and each line
 * of memory is read by neighbours. A software adapter wants few threads with many sums each; there
 * `subgroup` also spreads one load of the block over four of its columns, and `lanes` is the same
 * without subgroups.
 */
export type GramRowsVariant = 'coalesced' | 'subgroup' | 'lanes';

export interface GramRowsOptions {
  /** p, the columns of the block. */
  readonly columns: number;
  /** Adds a row p: the sum of each activation column's squares. */
  readonly squares: boolean;
  /** Does nothing when the selection state says that no row is pending. */
  readonly onlyPending: boolean;
  readonly variant: GramRowsVariant;
  readonly layout: GramRowsLayout;
}

const SUBGROUP = 4;

/** How the columns of the activations are dealt out. */
export interface GramRowsLayout {
  readonly threads: number;
  /** Columns of four that each thread keeps sums for. */
  readonly vectors: number;
}

/** Layouts that may be best for a block of p columns, the likeliest first. */
export function gramRowsLayouts(variant: GramRowsVariant, p: number): readonly GramRowsLayout[] {
  if (variant === 'coalesced') {
    const wide = [
      { threads: 64, vectors: 1 },
      { threads: 256, vectors: 1 },
    ];
    return p <= 8 ? [...wide, { threads: 64, vectors: 2 }] : wide;
  }
  // The more rows, the more products a load serves already, and the fewer columns fit beside them.
  return [{ threads: 16, vectors: p <= 8 ? 8 : p <= 16 ? 4 : 2 }];
}

/**
 * products [slices × (p or p + 1) × stride] = blockᵀ [p × m] · activations [m × N], a slice of
 * examples at a time. Activations are read once, four columns a load; a skinny matrix product.
 */
export function gramRowsShader(options: GramRowsOptions) {
  const { columns: p, squares, onlyPending } = options;
  const subgroup = options.variant === 'subgroup' && p % SUBGROUP === 0;
  const { threads, vectors } = options.layout;
  const rows = squares ? p + 1 : p;
  const accumulate = (q: number, x: string) =>
    unroll(vectors, (v) => `    sum${q}_${v} = fma(vec4<f32>(${x}), h${v}, sum${q}_${v});`);
  const products = subgroup
    ? unroll(p / SUBGROUP, (load) => {
        const spread = unroll(SUBGROUP, (l) => {
          const x = `x${load}_${l}`;
          return `    let ${x} = subgroupBroadcast(x${load}, ${l}u);\n${accumulate(load * SUBGROUP + l, x)}`;
        });
        return `    let x${load} = block[at + ${load * SUBGROUP}u + lane];\n${spread}`;
      })
    : unroll(p, (q) => `    let x${q} = block[at + ${q}u];\n${accumulate(q, `x${q}`)}`);
  return {
    name: 'gram-rows',
    bindings: {
      block: ['read', 'f32'],
      activations: ['read', 'vec4<f32>'],
      products: ['read_write', 'vec4<f32>'],
      ...(onlyPending && ({ state: ['read', 'u32'] } as const)),
    },
    uniforms: {
      m: 'u32',
      /** Columns of four in a row of activations. */
      vectors: 'u32',
      block_stride: 'u32',
      block_first: 'u32',
      slice_rows: 'u32',
      first_slice: 'u32',
    },
    workgroupSize: [threads, 1],
    enable: subgroup ? ['subgroups'] : [],
    body: wgsl`
fn kernel(workgroup: u32, local: u32${subgroup ? ', lane: u32' : ''}) {
#if ${onlyPending}
  if (state[${SELECTION_STATE.pending}] == 0u) { return; }
#endif
  let across = (params.vectors + ${threads * vectors - 1}u) / ${threads * vectors}u;
  let slice = workgroup / across;
  let begin = slice * params.slice_rows;
  if (begin >= params.m) { return; }
  let end = min(begin + params.slice_rows, params.m);
  let left = (workgroup % across) * ${threads * vectors}u + local;
${unroll(vectors, (v) => `  let column${v} = min(left + ${v * threads}u, params.vectors - 1u);`)}
${unroll(rows, (q) => unroll(vectors, (v) => `  var sum${q}_${v} = vec4<f32>();`))}
  // Kept in variables: some compilers read a uniform anew wherever it stands.
  let step = params.vectors;
  let block_step = params.block_stride;
  var at = (params.block_first + begin) * block_step;
  var start = begin * step;
  for (var row = begin; row < end; row++) {
${unroll(vectors, (v) => `    let h${v} = activations[start + column${v}];`)}
${products}
#if ${squares}
${unroll(vectors, (v) => `    sum${p}_${v} += h${v} * h${v};`)}
#endif
    at += block_step;
    start += step;
  }
  let to = (params.first_slice + slice) * ${rows}u;
${unroll(
  vectors,
  (v) => `  if (left + ${v * threads}u < params.vectors) {
${unroll(rows, (q) => `    products[(to + ${q}u) * params.vectors + left + ${v * threads}u] = sum${q}_${v};`)}
  }`,
)}
}
`,
  } as const;
}

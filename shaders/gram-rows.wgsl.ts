import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import type { StorageFormat } from '../src/half.js';
import { QUAD } from './quad.js';
import { SELECTION_STATE } from './selection-state.js';
import { loadFour, UNPACK_FOUR, vectorType } from './storage.js';
import { unroll } from './unroll.js';

/**
 * `coalesced` gives each thread one column of four, so that a GPU has many threads and each line
 * of memory is read by neighbours. A software adapter wants few threads with many sums each; there
 * lanes of `subgroup` load rows of the block of their own and swap them within the quad (lane i's
 * sum q is of row q ^ i), and `lanes` is the same without subgroups.
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
  /** Of the activations. */
  readonly storage: StorageFormat;
  readonly layout: GramRowsLayout;
}

/** How the columns of the activations are dealt out. */
export interface GramRowsLayout {
  readonly threads: number;
  /** Columns of four that each thread keeps sums for. */
  readonly vectors: number;
  /** Examples that a turn of the loop takes. */
  readonly examples: number;
}

/** Layouts that may be best for a block of p columns, the likeliest first. */
export function gramRowsLayouts(variant: GramRowsVariant, p: number): readonly GramRowsLayout[] {
  if (variant === 'coalesced') {
    // More examples a turn keep more loads on their way; more columns a thread spare some of the
    // block's, while registers last.
    const layouts = [
      { threads: 64, vectors: 1, examples: 4 },
      { threads: 256, vectors: 1, examples: 2 },
    ];
    return p <= 8 ? [...layouts, { threads: 64, vectors: 2, examples: 1 }] : layouts;
  }
  // All sums are copied through a mask at each turn, which favours long ones, but only until the
  // loop has outgrown the instruction cache.
  return [{ threads: 16, vectors: p <= 8 ? 4 : 2, examples: 2 }];
}

/**
 * products [slices × (p or p + 1) × stride] = blockᵀ [p × m] · activations [m × N], a slice of
 * examples at a time. Activations are read once, four columns a load; a skinny matrix product.
 */
export function gramRowsShader(options: GramRowsOptions) {
  const { columns: p, squares, onlyPending, storage } = options;
  const { threads, vectors } = options.layout;
  const rows = squares ? p + 1 : p;
  const subgroup = spreads(options);
  return {
    name: 'gram-rows',
    bindings: {
      block: ['read', 'f32'],
      activations: ['read', vectorType(storage)],
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
#if ${storage === 'f16'}
${UNPACK_FOUR}
#endif
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
${loopOverExamples(options)}
  let to = (params.first_slice + slice) * ${rows}u;
${unroll(
  vectors,
  (v) => `  if (left + ${v * threads}u < params.vectors) {
${unroll(rows, (q) => `    products[(to + ${gramRow(options, q)}) * params.vectors + left + ${v * threads}u] = sum${q}_${v};`)}
  }`,
)}
}
`,
  } as const;
}

/** Whether each lane loads rows of its own of the block, and the lanes of a quad swap them. */
const spreads = ({ variant, columns }: GramRowsOptions) =>
  variant === 'subgroup' && columns % QUAD.length === 0;

/** The row of the block that a thread's sums q are of. */
function gramRow(options: GramRowsOptions, q: number): string {
  if (!spreads(options) || q >= options.columns) return `${q}u`;
  const d = q % QUAD.length;
  return `${q - d}u + (lane ^ ${d}u)`;
}

/** Adds what some examples at a time contribute to the sums. */
function loopOverExamples(options: GramRowsOptions): string {
  const { columns: p, squares, layout, storage } = options;
  const { vectors, examples } = layout;
  const quad: readonly string[] = spreads(options) ? QUAD : [''];
  const place = (q: number) => (quad.length > 1 ? `${quad.length * q}u + lane` : `${q}u`);
  /** Nothing past the end of the slice, where the last example is read again. */
  const counted = (s: number, type: string, value: string) =>
    examples === 1 ? value : `select(${type}(), ${value}, row + ${s}u < end)`;
  return wgsl`
  for (var row = begin; row < end; row += ${examples}u) {
${unroll(examples, (s) => {
  const load = (q: number) => {
    const value = `block[(params.block_first + row${s}) * block_step + ${place(q)}]`;
    return `    let b${s}_${q} = ${counted(s, 'f32', value)};`;
  };
  return `    let row${s} = min(row + ${s}u, end - 1u);
${unroll(p / quad.length, load)}
${unroll(vectors, (v) => `    let h${s}_${v} = ${loadFour(storage, 'activations', `row${s} * step + column${v}`)};`)}`;
})}
${unroll(p, (q) => {
  const [load, d] = [Math.floor(q / quad.length), q % quad.length];
  return unroll(examples, (s) => `    let x${s}_${q} = vec4<f32>(${quad[d]}(b${s}_${load}));`);
})}
${unroll(vectors, (v) =>
  unroll(p, (q) =>
    unroll(examples, (s) => `    sum${q}_${v} = fma(h${s}_${v}, x${s}_${q}, sum${q}_${v});`),
  ),
)}
#if ${squares}
${unroll(vectors, (v) =>
  unroll(
    examples,
    (s) => `    sum${p}_${v} += ${counted(s, 'vec4<f32>', `h${s}_${v} * h${s}_${v}`)};`,
  ),
)}
#endif
  }`;
}

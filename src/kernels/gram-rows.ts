import {
  type GramRowsLayout,
  type GramRowsVariant,
  gramRowsLayouts,
  gramRowsShader,
} from '../../shaders/gram-rows.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { Matrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { autotune, sizeClass, timedSize } from '../gpu/tuning.js';
import { sliceCount, sliceRows } from './example-slices.js';
import { gramRowsVariant, requireVariant } from './variant.js';

export type { GramRowsVariant } from '../../shaders/gram-rows.wgsl.js';

export interface GramRows {
  /** [m × p]; its row `blockFirst + r` goes with row r of the activations. */
  readonly block: Matrix;
  /** One chunk of H [m × N], in either storage format. */
  readonly activations: Matrix;
  /** [slices × (p or p + 1) × stride of the activations], written. */
  readonly products: GpuBuffer;
  /** Adds Σ_r H_ri² as row p. */
  readonly squares?: boolean;
  /** Skips the work when the selection state says that no row is pending. */
  readonly state?: GpuBuffer | undefined;
  readonly variant?: GramRowsVariant | undefined;
}

export interface GramRowsCall {
  /** Row of the block that goes with the activations' first. */
  readonly blockFirst: number;
  readonly firstSlice: number;
  /** Examples to take in; all of the chunk by default. */
  readonly m?: number;
}

/** Examples that are timed to choose a layout: more would tell no more. */
const TIMED_ROWS = 8192;

/**
 * Prepares products = blockᵀ · activations, cut into slices of examples that a later kernel adds
 * up. 2 m N p operations, and 2 m N for the squares; the least that must move is
 * 4 (m N + m p + N p) bytes, m N of the numbers half as long in float16: the activations and the
 * block, once, and the rows.
 */
export async function prepareGramRows(
  device: Device,
  gram: GramRows,
): Promise<(commands: Commands, call: GramRowsCall) => void> {
  const variant = gram.variant ?? gramRowsVariant(device);
  requireVariant(device, variant);
  const { activations, block, squares = false } = gram;
  const [p, n] = [block.columns, activations.columns];
  const m = timedSize(device, Math.min(activations.rows, block.rows, TIMED_ROWS), 2 * n * p);
  const [first, ...others] = gramRowsLayouts(variant, p).map((layout) => ({
    name: `${layout.threads}x${layout.vectors}x${layout.examples}`,
    layout,
  }));
  if (!first) throw new RangeError(`gram-rows has no layout for the variant ${variant}.`);
  using scope = new Scope(device);
  let products: GpuBuffer | undefined;
  const half = activations.storage === 'f16' ? ' f16' : '';
  const kernel = `gram-rows ${variant}${half} ${p} ${sizeClass(n)}x${sizeClass(m)}`;
  const { layout } = await autotune(device, {
    kernel,
    configurations: [first, ...others],
    operations: 2 * m * n * p,
    prepare: async (configuration) => {
      const words = sliceCount(device, { m, width: n }) * p * activations.stride;
      products ??= scope.buffer('tuned gram products', words);
      // Neither squares nor the state: whether a row is pending now says nothing of the time it takes.
      const run = await bind(
        device,
        { block, activations, products },
        variant,
        configuration.layout,
      );
      return (commands) => run(commands, { blockFirst: 0, firstSlice: 0, m });
    },
  });
  return bind(device, { ...gram, squares }, variant, layout);
}

async function bind(
  device: Device,
  { block, activations, products, squares = false, state }: GramRows,
  variant: GramRowsVariant,
  layout: GramRowsLayout,
) {
  const p = block.columns;
  const shader = gramRowsShader({
    columns: p,
    squares,
    onlyPending: state !== undefined,
    variant,
    storage: activations.storage,
    layout,
  });
  const kernel = await prepareKernel(device, shader, {
    block: block.buffer,
    activations: activations.buffer,
    products,
    ...(state && { state }),
  });
  const across = Math.ceil(activations.stride / (4 * layout.threads * layout.vectors));
  return (commands: Commands, { blockFirst, firstSlice, m = activations.rows }: GramRowsCall) =>
    commands.dispatch(
      kernel,
      {
        m,
        vectors: activations.stride / 4,
        block_stride: block.stride,
        block_first: blockFirst,
        slice_rows: sliceRows(device, { m, width: activations.columns }),
        first_slice: firstSlice,
      },
      across * sliceCount(device, { m, width: activations.columns }),
      2 * m * activations.columns * (squares ? p + 1 : p),
    );
}

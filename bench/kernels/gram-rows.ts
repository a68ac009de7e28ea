import { readFloats } from '../../src/gpu/buffer.js';
import { sliceCount } from '../../src/kernels/example-slices.js';
import { type GramRowsVariant, prepareGramRows } from '../../src/kernels/gram-rows.js';
import { gramRowsVariant } from '../../src/kernels/variant.js';
import { rowMajor } from '../../src/reference/element.js';
import { gramRowsReference } from '../../src/reference/gram-rows.js';
import { nearestHalf } from '../../src/reference/half.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type GramRowsShape = {
  readonly m: number;
  readonly n: number;
  readonly p: number;
  /** Activations are stored in float16. */
  readonly f16?: 1;
};

/** Of these blocks the activations are also stored in float16. */
const STORED_IN_HALF = [4, 16];

export const gramRowsBench: KernelBench<GramRowsShape> = {
  name: 'gram-rows',
  shapes: [
    ...[4, 1, 16, 32].map((p) => ({ m: 4096, n: 1024, p })),
    ...STORED_IN_HALF.map((p) => ({ m: 4096, n: 1024, p, f16: 1 as const })),
  ],
  hardwareShapes: [
    ...[1, 4, 16, 32].map((p) => ({ m: 16_384, n: 10_000, p })),
    ...STORED_IN_HALF.map((p) => ({ m: 16_384, n: 10_000, p, f16: 1 as const })),
  ],
  variants: ['coalesced', 'subgroup', 'lanes'] satisfies readonly GramRowsVariant[],
  preferred: gramRowsVariant,
  operations: ({ m, n, p }) => 2 * m * n * p,
  bytes: ({ m, n, p, f16 }) => (f16 ? 2 : 4) * m * n + 4 * (m * p + n * p),
  prepare: async ({ device, scope, shape: { m, n, p, f16 }, variant }) => {
    const columns = randomNumbers(m * p, 1);
    const drawn = randomNumbers(m * n, 2);
    const values = f16 ? drawn.map(nearestHalf) : drawn;
    const activations = scope.matrix('activations', [m, n], {
      data: values,
      storage: f16 ? 'f16' : 'f32',
    });
    const { stride } = activations;
    const slices = sliceCount(device, { m, width: n });
    const products = scope.bufferFrom('gram products', nans(slices * p * stride));
    const run = await prepareGramRows(device, {
      block: scope.matrix('block', [m, p], { data: columns }),
      activations,
      products,
      variant: variant as GramRowsVariant,
    });
    return {
      encode: (commands) => run(commands, { blockFirst: 0, firstSlice: 0 }),
      verify: async () => {
        const indices = spread(n, 32);
        const h = rowMajor(values, n);
        const reference = gramRowsReference({
          m,
          n: indices.length,
          p,
          block: rowMajor(columns, p),
          activations: (j, i) => h(j, indices[i] ?? -1),
          squares: false,
        });
        const parts = await readFloats(products);
        requireWritten(parts, 'gram rows');
        const sums = new Float64Array(p * stride);
        parts.forEach((part, at) => {
          sums[at % sums.length] = (sums[at % sums.length] ?? 0) + part;
        });
        requireWithin(elementsAt(sums, stride, spread(p, p), indices), reference, 'gram rows');
      },
    };
  },
};

import { MATMUL_VARIANTS } from '../../shaders/matmul.wgsl.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { type MatmulVariant, matmulSlices, prepareMatmul } from '../../src/kernels/matmul.js';
import { matmulVariant } from '../../src/kernels/variant.js';
import { rowMajor } from '../../src/reference/element.js';
import { matmulReference } from '../../src/reference/matmul.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import { type KernelBench, WITHIN_BOUND } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';
import { rivalry } from '../peers/contender.js';

type MatmulShape = {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored [k × m], as in the gradient of the hidden layer. */
  readonly transposeA?: 1;
  /** Slices of k, left as partial sums: `momentum-update` adds them up. */
  readonly slices?: number;
};

/** The hidden layer's gradient, in the slices in which a GPU takes it. */
const gradientShape = (n: number, k: number): MatmulShape => ({
  m: 785,
  n,
  k,
  transposeA: 1,
  slices: matmulSlices({ kind: 'hardware' }, { m: 785, n, k }),
});

const operations = ({ m, n, k }: MatmulShape) => 2 * m * n * k;
const bytes = ({ m, n, k, slices = 1 }: MatmulShape) => 4 * (m * k + k * n + slices * m * n);

export const matmulBench: KernelBench<MatmulShape> = {
  name: 'matmul',
  shapes: [
    { m: 128, n: 1024, k: 785 },
    { m: 785, n: 1024, k: 128, transposeA: 1 },
    { m: 128, n: 256, k: 785 },
    { m: 1024, n: 1024, k: 1024 },
    { m: 1024, n: 4096, k: 784 },
    { m: 1031, n: 521, k: 257 },
    { m: 785, n: 256, k: 1000, transposeA: 1 },
    { m: 785, n: 256, k: 1000, transposeA: 1, slices: 4 },
  ],
  hardwareShapes: [
    { m: 128, n: 10_000, k: 785 },
    { m: 785, n: 10_000, k: 128, transposeA: 1 },
    { m: 1000, n: 1024, k: 785 },
    { m: 4096, n: 1024, k: 785 },
    { m: 50_000, n: 1024, k: 785 },
    { m: 785, n: 1024, k: 50_000, transposeA: 1 },
    gradientShape(1024, 50_000),
    { m: 785, n: 256, k: 50_000, transposeA: 1 },
    gradientShape(256, 50_000),
    { m: 4096, n: 4096, k: 4096 },
  ],
  variants: MATMUL_VARIANTS,
  preferred: matmulVariant,
  operations,
  bytes,
  prepare: async ({ device, scope, shape, variant }) => {
    const { m, n, k, slices = 1 } = shape;
    const transposeA = shape.transposeA === 1;
    const [aRows, aColumns] = transposeA ? [k, m] : [m, k];
    const [a, b] = factors(shape);
    const out = scope.matrix('product', [slices * m, n], { data: nans(slices * m * n) });
    const run = await prepareMatmul(device, {
      a: scope.matrix('left factor', [aRows, aColumns], { data: a }),
      b: scope.matrix('right factor', [k, n], { data: b }),
      out,
      transposeA,
      slices,
      variant: variant as MatmulVariant,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => requireProduct(shape, await readMatrix(out)),
    };
  },
  rival: rivalry(
    // A peer leaves no partial sums: it is compared with the product in one piece.
    ({ matmul }, { slices }) => (slices ? undefined : matmul),
    async (_context, shape) => {
      const [a, b] = factors(shape);
      return {
        task: { ...shape, transposeA: shape.transposeA === 1, a, b },
        check: (product) => {
          requireProduct(shape, product);
          return WITHIN_BOUND;
        },
        cost: () => ({ operations: operations(shape), bytes: bytes(shape) }),
      };
    },
  ),
};

function factors({ m, n, k }: MatmulShape): readonly [Float32Array, Float32Array] {
  return [randomNumbers(m * k, 1), randomNumbers(k * n, 2)];
}

/** @throws when an element is missing, or one of a sample outside its oracle's bound. */
function requireProduct(shape: MatmulShape, parts: Float32Array): void {
  const { m, n, k, transposeA } = shape;
  const [a, b] = factors(shape);
  const [left, right] = [rowMajor(a, transposeA ? m : k), rowMajor(b, n)];
  const rows = spread(m, 16);
  const columns = spread(n, 64);
  const reference = matmulReference({
    m: rows.length,
    n: columns.length,
    k,
    a: (i, p) => (transposeA ? left(p, rows[i] ?? -1) : left(rows[i] ?? -1, p)),
    b: (p, j) => right(p, columns[j] ?? -1),
    alpha: 1,
    epilogue: { kind: 'store' },
  });
  requireWritten(parts, 'product');
  const product = parts.length === m * n ? parts : sumOfSlices(parts, m * n);
  requireWithin(elementsAt(product, n, rows, columns), reference, 'product');
}

/** The sum of the slices, each of `size` elements. */
function sumOfSlices(slices: Float32Array, size: number): Float64Array {
  const sum = new Float64Array(size);
  slices.forEach((part, at) => {
    sum[at % size]! += part;
  });
  return sum;
}

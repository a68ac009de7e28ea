import { readMatrix } from '../../src/gpu/matrix.js';
import type { Scope } from '../../src/gpu/scope.js';
import { featureMap } from '../../src/kernels/feature-map.js';
import { preparePool } from '../../src/kernels/pool.js';
import { windowPositions } from '../../src/kernels/window.js';
import { poolReference } from '../../src/reference/pool.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

/** n images of h rows and as many columns, c channels; a window of k by steps of s. */
export type PoolShape = {
  readonly n: number;
  readonly h: number;
  readonly c: number;
  readonly k: number;
  readonly s: number;
};

/** The mean of the whole map at the end of ResNet-20 and of ResNet-34, and ResNet-34's first pool. */
export const POOL_SHAPES: readonly PoolShape[] = [
  { n: 32, h: 8, c: 64, k: 8, s: 1 },
  { n: 4, h: 112, c: 64, k: 3, s: 2 },
];

export const poolBench: KernelBench<PoolShape> = {
  name: 'pool',
  shapes: POOL_SHAPES,
  hardwareShapes: [{ n: 128, h: 112, c: 64, k: 3, s: 2 }],
  operations: (shape) => {
    const { output } = poolOfShape(shape);
    return shape.n * output.height * output.width * shape.c * shape.k ** 2;
  },
  bytes: (shape) => {
    const { output } = poolOfShape(shape);
    return 4 * shape.n * shape.c * (shape.h ** 2 + output.height * output.width);
  },
  prepare: async ({ device, scope, shape }) => {
    const { n, c } = shape;
    const { kind, moves, output } = poolOfShape(shape);
    const { input, x } = inputOfPool(scope, shape);
    const rows = n * output.height * output.width;
    const out = featureMap(scope.matrix('pooled', [rows, c], { data: nans(rows * c) }), output);
    const run = await preparePool(device, { kind, ...moves, input, output: out });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const first = (await readMatrix(out.matrix)).subarray(0, rows * (c / n));
        requireWithin(first, poolReference(firstImage(shape, x)), 'pooled');
      },
    };
  },
};

/** A window as large as the map is a mean; any other a maximum with one position around. */
export function poolOfShape({ h, k, s }: PoolShape) {
  const whole = k === h;
  const pad = whole ? 0 : 1;
  const moves = {
    kernel: [k, k],
    stride: [s, s],
    padding: { top: pad, left: pad, bottom: pad, right: pad },
  } as const;
  const kind = whole ? ('average' as const) : ('max' as const);
  return { kind, moves, output: windowPositions(moves, { height: h, width: h }) };
}

export function inputOfPool(scope: Scope, { n, h, c }: PoolShape) {
  const x = randomNumbers(n * h * h * c, 1);
  const matrix = scope.matrix('pool input', [n * h * h, c], { data: x });
  return { input: featureMap(matrix, { height: h, width: h }), x };
}

/** What the oracle looks at: the first image. */
export function firstImage(shape: PoolShape, x: Float32Array) {
  const { h, c } = shape;
  const { kind, moves, output } = poolOfShape(shape);
  return {
    kind,
    countPads: false,
    images: 1,
    channels: c,
    input: { height: h, width: h },
    output,
    kernel: moves.kernel,
    stride: moves.stride,
    top: moves.padding.top,
    left: moves.padding.left,
    x: x.subarray(0, h * h * c),
  };
}

import { Commands } from '../../src/gpu/commands.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { featureMap } from '../../src/kernels/feature-map.js';
import { preparePool } from '../../src/kernels/pool.js';
import { preparePoolGradient } from '../../src/kernels/pool-gradient.js';
import { poolGradientReference } from '../../src/reference/pool-gradient.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';
import { firstImage, inputOfPool, POOL_SHAPES, type PoolShape, poolOfShape } from './pool.js';

export const poolGradientBench: KernelBench<PoolShape> = {
  name: 'pool-gradient',
  shapes: POOL_SHAPES,
  hardwareShapes: [{ n: 128, h: 112, c: 64, k: 3, s: 2 }],
  operations: (shape) => {
    const { output } = poolOfShape(shape);
    return shape.n * output.height * output.width * shape.c * shape.k ** 2;
  },
  bytes: (shape) => {
    const { kind, output } = poolOfShape(shape);
    const maps = kind === 'max' ? 2 : 1;
    return 4 * maps * shape.n * shape.c * (shape.h ** 2 + output.height * output.width);
  },
  prepare: async ({ device, scope, shape }) => {
    const { n, h, c } = shape;
    const { kind, moves, output: extent } = poolOfShape(shape);
    const { input, x } = inputOfPool(scope, shape);
    const rows = n * extent.height * extent.width;
    const output = featureMap(scope.matrix('pooled', [rows, c]), extent);
    const slopes = randomNumbers(rows * c, 2);
    const gradient = featureMap(scope.matrix('pool gradient', [rows, c], { data: slopes }), extent);
    const unwritten = { data: nans(n * h * h * c) };
    const into = featureMap(scope.matrix('input gradient', [n * h * h, c], unwritten), {
      height: h,
      width: h,
    });
    const pool = { kind, ...moves, input, output };
    const commands = new Commands(device);
    (await preparePool(device, pool))(commands);
    await commands.finish();
    const run = await preparePoolGradient(device, { ...pool, gradient, into });
    return {
      encode: (encoded) => run(encoded),
      verify: async () => {
        const size = h * h * c;
        const first = (await readMatrix(into.matrix)).subarray(0, size);
        const problem = { ...firstImage(shape, x), gradient: slopes };
        requireWithin(first, poolGradientReference(problem), 'input gradient');
      },
    };
  },
};

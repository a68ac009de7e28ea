import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareGatherColumns } from '../../src/kernels/gather-columns.js';
import { rowMajor } from '../../src/reference/element.js';
import { gatherColumnsReference } from '../../src/reference/gather-columns.js';
import { requireSame, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type GatherColumnsShape = { readonly m: number; readonly n: number; readonly p: number };

export const gatherColumnsBench: KernelBench<GatherColumnsShape> = {
  name: 'gather-columns',
  shapes: [
    { m: 4096, n: 1024, p: 4 },
    { m: 4096, n: 1024, p: 16 },
  ],
  hardwareShapes: [{ m: 16_384, n: 10_000, p: 16 }],
  operations: () => 0,
  bytes: ({ m, p }) => 8 * m * p,
  prepare: async ({ device, scope, shape: { m, n, p } }) => {
    const values = randomNumbers(m * n, 1);
    const columns = spread(n, p);
    const block = scope.matrix('block', [m, p], { data: nans(m * p) });
    const run = await prepareGatherColumns(device, {
      activations: scope.matrix('activations', [m, n], { data: values }),
      indices: scope.bufferFrom('indices', Uint32Array.of(p, ...columns)),
      block,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const expected = gatherColumnsReference(m, rowMajor(values, n), columns);
        requireSame(await readMatrix(block), expected, 'block');
      },
    };
  },
};

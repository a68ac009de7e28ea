import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareAccumulateOutputs } from '../../src/kernels/accumulate-outputs.js';
import { SELECTION_STATE } from '../../src/kernels/pick.js';
import { accumulateOutputsReference } from '../../src/reference/accumulate-outputs.js';
import { rowMajor } from '../../src/reference/element.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type AccumulateOutputsShape = { readonly m: number; readonly n: number; readonly c: number };

export const accumulateOutputsBench: KernelBench<AccumulateOutputsShape> = {
  name: 'accumulate-outputs',
  shapes: [
    { m: 4096, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 10 },
  ],
  hardwareShapes: [{ m: 16_384, n: 10_000, c: 1 }],
  operations: ({ m, c }) => 2 * m * c,
  // One column of activations, and the totals in and out.
  bytes: ({ m, c }) => 4 * m * (1 + 2 * c),
  prepare: async ({ device, scope, shape: { m, n, c } }) => {
    const values = randomNumbers(m * n, 1);
    const b = randomNumbers(n * c, 2);
    const before = randomNumbers(m * c, 3);
    const pick = n - 1;
    const state = new Uint32Array(SELECTION_STATE.candidates + 1);
    state[SELECTION_STATE.pick] = pick;
    const totals = scope.matrix('totals', [m, c], { data: before });
    const run = await prepareAccumulateOutputs(device, {
      state: scope.bufferFrom('selection state', state),
      activations: scope.matrix('activations', [m, n], { data: values }),
      weights: scope.matrix('weights', [n, c], { data: b }),
      totals,
    });
    return {
      encode: (commands) => run(commands, 0),
      verify: async () => {
        const [h, weight] = [rowMajor(values, n), rowMajor(b, c)];
        const reference = accumulateOutputsReference({
          m,
          outputs: c,
          activations: (j) => h(j, pick),
          weights: (output) => weight(pick, output),
          totals: rowMajor(before, c),
        });
        requireWithin(await readMatrix(totals), reference, 'totals');
      },
    };
  },
};

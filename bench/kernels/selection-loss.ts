import { readFloats } from '../../src/gpu/buffer.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { SELECTION_STATE } from '../../src/kernels/argmin.js';
import { prepareSelectionLoss, selectionLossGroups } from '../../src/kernels/selection-loss.js';
import { elementsOf } from '../../src/reference/element.js';
import { selectionLossReference } from '../../src/reference/selection-loss.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type SelectionLossShape = { readonly m: number; readonly n: number; readonly c: number };

export const selectionLossBench: KernelBench<SelectionLossShape> = {
  name: 'selection-loss',
  shapes: [
    { m: 4096, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 10 },
  ],
  hardwareShapes: [{ m: 16_384, n: 10_000, c: 1 }],
  // The pick's product and its sum, the mean, the error, its square and its sum.
  operations: ({ m, c }) => 6 * m * c,
  // One column of activations, the targets, and the totals in and out.
  bytes: ({ m, c }) => 4 * m * (1 + 3 * c),
  prepare: async ({ device, scope, shape: { m, n, c } }) => {
    const values = randomNumbers(m * n, 1);
    const b = randomNumbers(n * c, 2);
    const [y, before] = [randomNumbers(m * c, 3), randomNumbers(m * c, 4)];
    const pick = n - 1;
    const count = 7;
    const state = new Uint32Array(SELECTION_STATE.candidates + 1);
    state[SELECTION_STATE.pick] = pick;
    const totals = scope.matrix('totals', m, c, before);
    const sums = scope.bufferOf('losses', nans(selectionLossGroups(m)));
    const run = await prepareSelectionLoss(device, {
      state: scope.bufferOf('selection state', state),
      activations: scope.matrix('activations', m, n, values),
      weights: scope.matrix('weights', n, c, b),
      targets: scope.matrix('targets', m, c, y),
      totals,
      sums,
    });
    return {
      encode: (batch) => run(batch, { first: 0, firstGroup: 0, count }),
      verify: async () => {
        const [h, weight] = [elementsOf(values, n), elementsOf(b, c)];
        const reference = selectionLossReference({
          m,
          outputs: c,
          activations: (j) => h(j, pick),
          weights: (output) => weight(pick, output),
          targets: elementsOf(y, c),
          totals: elementsOf(before, c),
          count,
        });
        requireWithin('totals', await readMatrix(totals), reference.totals);
        const loss = (await readFloats(sums)).reduce((sum, part) => sum + part, 0);
        requireWithin('loss', [loss], reference.loss);
      },
    };
  },
};

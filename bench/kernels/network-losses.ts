import { readFloats } from '../../src/gpu/buffer.js';
import { networkLossSlices, prepareNetworkLosses } from '../../src/kernels/network-losses.js';
import { rowMajor } from '../../src/reference/element.js';
import { networkLossesReference } from '../../src/reference/network-losses.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type NetworkLossesShape = { readonly m: number; readonly networks: number; readonly c: number };

export const networkLossesBench: KernelBench<NetworkLossesShape> = {
  name: 'network-losses',
  shapes: [
    { m: 512, networks: 200, c: 1 },
    { m: 512, networks: 100, c: 10 },
  ],
  operations: ({ m, networks, c }) => 3 * m * networks * c,
  bytes: ({ m, networks, c }) => 4 * (m * networks * c + m * c),
  prepare: async ({ device, scope, shape: { m, networks, c } }) => {
    const values = randomNumbers(m * networks * c, 1);
    const labels = randomNumbers(m * c, 2);
    const slices = networkLossSlices(m);
    const sums = scope.bufferFrom('losses', nans(slices * networks));
    const run = await prepareNetworkLosses(device, {
      outputs: scope.matrix('outputs', [m, networks * c], { data: values }),
      targets: scope.matrix('targets', [m, c], { data: labels }),
      sums,
      loss: 'squared',
    });
    return {
      encode: (commands) => run(commands, { m, networks, first: 0, firstSlice: 0 }),
      verify: async () => {
        const reference = networkLossesReference({
          m,
          networks,
          outputs: c,
          loss: 'squared',
          values: rowMajor(values, networks * c),
          targets: rowMajor(labels, c),
        });
        const parts = await readFloats(sums);
        const totals = Float64Array.from({ length: networks }, (_, network) => {
          let sum = 0;
          for (let s = 0; s < slices; s++) sum += parts[s * networks + network] ?? Number.NaN;
          return sum;
        });
        requireWithin(totals, reference, 'losses');
      },
    };
  },
};

import { readFloats } from '../../src/gpu/buffer.js';
import { lossGroups, prepareLoss } from '../../src/kernels/loss.js';
import { rowMajor } from '../../src/reference/element.js';
import { lossReference } from '../../src/reference/loss.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type LossShape = { readonly m: number; readonly c: number };

export const lossBench: KernelBench<LossShape> = {
  name: 'loss',
  shapes: [
    { m: 4096, c: 1 },
    { m: 4096, c: 10 },
  ],
  hardwareShapes: [{ m: 50_000, c: 10 }],
  // The error, its square and the sum.
  operations: ({ m, c }) => 3 * m * c,
  bytes: ({ m, c }) => 4 * (2 * m * c + 2 * lossGroups(m)),
  prepare: async ({ device, scope, shape: { m, c } }) => {
    const outputs = randomNumbers(m * c, 1);
    const labels = randomNumbers(m, 2).map((x) => Math.floor(5 * (x + 1)));
    const oneHot = Float32Array.from({ length: m * c }, (_, at) => {
      const label = labels[Math.floor(at / c)] ?? 0;
      return c === 1 ? label % 2 : Number(label === at % c);
    });
    const sums = scope.bufferFrom('loss sums', nans(2 * lossGroups(m)));
    const run = await prepareLoss(device, {
      outputs: scope.matrix('outputs', [m, c], { data: outputs }),
      targets: scope.matrix('targets', [m, c], { data: oneHot }),
      sums,
      loss: 'squared',
    });
    return {
      encode: (commands) => run(commands, { m, first: 0, firstGroup: 0 }),
      verify: async () => {
        const reference = lossReference({
          m,
          outputs: c,
          loss: 'squared',
          values: rowMajor(outputs, c),
          targets: rowMajor(oneHot, c),
        });
        const total = [0, 0];
        (await readFloats(sums)).forEach((part, at) => {
          total[at % 2] = (total[at % 2] ?? 0) + part;
        });
        requireWithin(total, reference, 'loss and hits');
      },
    };
  },
};

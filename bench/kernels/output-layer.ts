import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareOutputLayer } from '../../src/kernels/output-layer.js';
import { rowMajor } from '../../src/reference/element.js';
import { outputLayerReference } from '../../src/reference/output-layer.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type OutputLayerShape = { readonly m: number; readonly n: number; readonly c: number };

export const outputLayerBench: KernelBench<OutputLayerShape> = {
  name: 'output-layer',
  shapes: [
    { m: 128, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 10 },
  ],
  hardwareShapes: [{ m: 50_000, n: 1024, c: 1 }],
  operations: ({ m, n, c }) => 2 * m * n * c + 2 * m * c,
  bytes: ({ m, n, c }) => 4 * (m * n + n * c + 2 * m * c),
  prepare: async ({ device, scope, shape: { m, n, c } }) => {
    const activations = randomNumbers(m * n, 1);
    const weights = randomNumbers(n * c, 2);
    const targets = randomNumbers(m * c, 3);
    const out = scope.matrix('residual', [m, c], { data: nans(m * c) });
    const run = await prepareOutputLayer(device, {
      activations: scope.matrix('activations', [m, n], { data: activations }),
      weights: scope.matrix('weights', [n, c], { data: weights }),
      targets: scope.matrix('targets', [m, c], { data: targets }),
      out,
      epilogue: 'subtract-targets',
    });
    return {
      encode: (commands) => run(commands, { m, first: 0 }),
      verify: async () => {
        const rows = spread(m, 256);
        const [h, y] = [rowMajor(activations, n), rowMajor(targets, c)];
        const reference = outputLayerReference({
          m: rows.length,
          n,
          outputs: c,
          epilogue: 'subtract-targets',
          activations: (j, i) => h(rows[j] ?? -1, i),
          weights: rowMajor(weights, c),
          targets: (j, output) => y(rows[j] ?? -1, output),
        });
        const actual = await readMatrix(out);
        requireWritten(actual, 'residual');
        requireWithin(elementsAt(actual, c, rows, spread(c, c)), reference, 'residual');
      },
    };
  },
};

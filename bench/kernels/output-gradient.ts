import { readFloats } from '../../src/gpu/buffer.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { gradientSlices, prepareOutputGradient } from '../../src/kernels/output-gradient.js';
import { rowMajor } from '../../src/reference/element.js';
import { outputGradientReference } from '../../src/reference/output-gradient.js';
import { elementsAt, requireWithin, requireWritten, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type OutputGradientShape = { readonly m: number; readonly n: number; readonly c: number };

export const outputGradientBench: KernelBench<OutputGradientShape> = {
  name: 'output-gradient',
  shapes: [
    { m: 128, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 1 },
    { m: 4096, n: 1024, c: 10 },
  ],
  hardwareShapes: [{ m: 50_000, n: 1024, c: 1 }],
  // Two products and their sums an output, and the derivative 1 − h² with its product.
  operations: ({ m, n, c }) => 4 * m * n * c + 3 * m * n,
  bytes: ({ m, n, c }) => 4 * (2 * m * n + m * c + 2 * n * c),
  prepare: async ({ device, scope, shape: { m, n, c } }) => {
    const states = randomNumbers(m * n, 1);
    const errors = randomNumbers(m * c, 2);
    // The result is the next call's input: |Σ r b| < 1 keeps it in tanh's range for ever.
    const values = randomNumbers(n * c, 3).map((x) => x / c);
    const activations = scope.matrix('activations', [m, n], { data: states });
    const slices = gradientSlices(device, { rows: m, width: n });
    const gradient = scope.bufferFrom('gradient', nans(slices * n * c));
    const run = await prepareOutputGradient(device, {
      activations,
      residual: scope.matrix('residual', [m, c], { data: errors }),
      weights: scope.matrix('weights', [n, c], { data: values }),
      gradient,
      activation: 'tanh',
    });
    return {
      encode: (commands) => run(commands, { m, firstSlice: 0 }),
      verify: async () => {
        const columns = spread(n, 32);
        const [h, b] = [rowMajor(states, n), rowMajor(values, c)];
        const { hidden, output } = outputGradientReference({
          m,
          n: columns.length,
          outputs: c,
          activations: (j, i) => h(j, columns[i] ?? -1),
          residual: rowMajor(errors, c),
          weights: (i, output) => b(columns[i] ?? -1, output),
          activation: 'tanh',
        });
        const after = await readMatrix(activations);
        requireWritten(after, 'hidden gradient');
        requireWithin(elementsAt(after, n, spread(m, m), columns), hidden, 'hidden gradient');
        const parts = await readFloats(gradient);
        requireWritten(parts, 'output gradient');
        const sums = new Float64Array(n * c);
        parts.forEach((part, at) => {
          sums[at % sums.length] = (sums[at % sums.length] ?? 0) + part;
        });
        requireWithin(elementsAt(sums, c, columns, spread(c, c)), output, 'output gradient');
      },
    };
  },
};

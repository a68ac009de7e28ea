import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareMomentumUpdate } from '../../src/kernels/momentum-update.js';
import { momentumUpdateReference } from '../../src/reference/momentum-update.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type MomentumUpdateShape = {
  readonly n: number;
  readonly c: number;
  readonly slices: number;
  /** The gradient is a matrix, as the hidden layer's is. */
  readonly padded?: 1;
};

export const momentumUpdateBench: KernelBench<MomentumUpdateShape> = {
  name: 'momentum-update',
  shapes: [
    { n: 1024, c: 1, slices: 1 },
    { n: 1024, c: 10, slices: 32 },
    { n: 10_000, c: 10, slices: 1 },
    { n: 785, c: 256, slices: 37, padded: 1 },
  ],
  // The slices' sum; its scale, the decay and their sum; the rate and the difference.
  operations: ({ n, c, slices }) => n * c * (slices + 4),
  // The gradient; velocity and parameters each read and written.
  bytes: ({ n, c, slices }) => 4 * n * c * (slices + 4),
  prepare: async ({ device, scope, shape: { n, c, slices, padded } }) => {
    const count = n * c;
    const parts = randomNumbers(slices * count, 1);
    const [before, start] = [randomNumbers(count, 2), randomNumbers(count, 3)];
    const velocity = scope.matrix('velocity', [n, c], { data: before });
    const parameters = scope.matrix('parameters', [n, c], { data: start });
    const gradient = padded
      ? scope.matrix('gradient', [slices * n, c], { data: parts })
      : scope.bufferFrom('gradient', parts);
    const run = await prepareMomentumUpdate(device, { gradient, velocity, parameters });
    const step = { slices, scale: 1 / 128, decay: Math.fround(0.9), rate: 0.125 };
    return {
      encode: (commands) => run(commands, step),
      verify: async () => {
        const reference = momentumUpdateReference({
          ...step,
          count,
          gradient: (s, e) => parts[s * count + e] ?? Number.NaN,
          velocity: before,
          parameters: start,
        });
        requireWithin(await readMatrix(velocity), reference.velocity, 'velocity');
        requireWithin(await readMatrix(parameters), reference.parameters, 'parameters');
      },
    };
  },
};

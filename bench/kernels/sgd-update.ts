import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareSgdUpdate } from '../../src/kernels/sgd-update.js';
import { sgdUpdateReference } from '../../src/reference/sgd-update.js';
import { requireWithin, spread } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';

type SgdUpdateShape = { readonly parameters: number };

const COLUMNS = 16;
const CHECKED = 10_000;

export const sgdUpdateBench: KernelBench<SgdUpdateShape> = {
  name: 'sgd-update',
  // ResNet-20's.
  shapes: [{ parameters: 272_480 }],
  // ResNet-34's.
  hardwareShapes: [{ parameters: 21_282_128 }],
  operations: ({ parameters }) => 8 * parameters,
  bytes: ({ parameters }) => 20 * parameters,
  prepare: async ({ device, scope, shape: { parameters: count } }) => {
    const rows = count / COLUMNS;
    const numbers = (seed: number) => randomNumbers(count, seed);
    const [slopes, before, start] = [numbers(1), numbers(2), numbers(3)];
    const velocity = scope.matrix('velocity', [rows, COLUMNS], { data: before });
    const parameters = scope.matrix('parameters', [rows, COLUMNS], { data: start });
    const run = await prepareSgdUpdate(device, {
      gradient: scope.matrix('gradient', [rows, COLUMNS], { data: slopes }),
      velocity,
      parameters,
    });
    const step = { rate: Math.fround(0.1), momentum: Math.fround(0.9), decay: 2 ** -11 };
    return {
      encode: (commands) => run(commands, step),
      verify: async () => {
        const places = spread(count, CHECKED);
        const at = (data: Float32Array) => Float32Array.from(places, (e) => data[e] ?? Number.NaN);
        const reference = sgdUpdateReference({
          ...step,
          gradient: at(slopes),
          parameters: at(start),
          velocity: at(before),
          nesterov: false,
        });
        requireWithin(at(await readMatrix(velocity)), reference.velocity, 'velocity');
        requireWithin(at(await readMatrix(parameters)), reference.parameters, 'parameters');
      },
    };
  },
};

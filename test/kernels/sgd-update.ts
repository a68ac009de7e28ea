import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareSgdUpdate, type SgdStep } from '../../src/kernels/sgd-update.js';
import { sgdUpdateReference } from '../../src/reference/sgd-update.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues } from './memory.js';

interface Spec {
  readonly shape: readonly [rows: number, columns: number];
  readonly step: SgdStep;
  readonly kind?: 'plain' | 'nesterov';
  /** Every third parameter is zero, and stays so. */
  readonly keepZeros?: true;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1], step: { rate: 1, momentum: 0.5 } },
  { shape: [67, 16], step: { rate: 0.1, momentum: 0.9, decay: 5e-4 } },
  { shape: [131, 7], step: { rate: 0.01, momentum: 0.9 } },
  { shape: [144, 32], step: { rate: 0.05, momentum: 0.9, decay: 1e-4 }, kind: 'nesterov' },
  { shape: [3, 13], step: { rate: 2, momentum: 0.99 }, kind: 'nesterov' },
  { shape: [17, 5], step: { rate: 0.3, decay: 0.125 }, kind: 'plain' },
  { shape: [1, 64], step: { rate: 0 }, kind: 'plain' },
  { shape: [67, 13], step: { rate: 0.1, momentum: 0.9, decay: 5e-4 }, keepZeros: true },
  { shape: [17, 5], step: { rate: 0.3, momentum: 0.9 }, kind: 'nesterov', keepZeros: true },
  { shape: [1, 1], step: { rate: 0.5 }, kind: 'plain', keepZeros: true },
];

export const sgdUpdateCases: readonly KernelCase[] = SPECS.map(
  ({ shape, step, kind, keepZeros }) => {
    const [rows, columns] = shape;
    const name = `sgd-update ${shape.join(' × ')} ${kind ?? 'momentum'}${keepZeros ? ' zeros' : ''} ${JSON.stringify(step)}`;
    return memoryCase(name, async (device, memory) => {
      const numbers = [1, 2, 3].map((seed) => randomNumbers(rows * columns, seed));
      const [slopes, start, before] = numbers as [Float32Array, Float32Array, Float32Array];
      if (keepZeros) for (let at = 0; at < start.length; at += 3) start[at] = 0;
      const matrix = (data: Float32Array) =>
        memory.map({ images: rows, height: 1, width: 1, channels: columns }, data).matrix;
      const [gradient, parameters, velocity] = [matrix(slopes), matrix(start), matrix(before)];
      const momentum = kind !== 'plain';
      const run = await prepareSgdUpdate(device, {
        gradient,
        parameters,
        velocity: momentum ? velocity : undefined,
        nesterov: kind === 'nesterov',
        ...(keepZeros && { keepZeros }),
      });
      const commands = new Commands(device);
      run(commands, step);
      await commands.finish();
      const reference = sgdUpdateReference({
        gradient: slopes,
        parameters: start,
        velocity: momentum ? before : undefined,
        nesterov: kind === 'nesterov',
        ...(keepZeros && { keepZeros }),
        rate: Math.fround(step.rate),
        momentum: Math.fround(step.momentum ?? 0),
        decay: Math.fround(step.decay ?? 0),
      });
      requireWithin(await readOwnValues(parameters), reference.parameters);
      if (momentum) requireWithin(await readOwnValues(velocity), reference.velocity);
      else requireSame(await readOwnValues(velocity), before);
    });
  },
);

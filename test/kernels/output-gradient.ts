import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import type { Activation } from '../../shaders/activations.js';
import { Commands } from '../../src/gpu/commands.js';
import { gradientSlices, prepareOutputGradient } from '../../src/kernels/output-gradient.js';
import { activate } from '../../src/reference/activation.js';
import { rowMajor } from '../../src/reference/element.js';
import { outputGradientReference } from '../../src/reference/output-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnFloats, readOwnValues, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  readonly activation: Activation;
  readonly firstSlice?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], activation: 'tanh' },
  { shape: [128, 131, 1], activation: 'tanh' },
  { shape: [257, 65, 1], activation: 'relu', firstSlice: 2 },
  { shape: [5, 63, 2], activation: 'sigmoid' },
  { shape: [131, 64, 3], activation: 'relu', firstSlice: 1 },
  { shape: [129, 67, 10], activation: 'tanh', firstSlice: 3 },
  { shape: [17, 130, 10], activation: 'sigmoid' },
  // More rows than a GPU's slices have at least.
  { shape: [2051, 5, 1], activation: 'tanh' },
];

/** Rows behind the minibatch, which must stay as they are. */
const SPARE = 3;

export const outputGradientCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, activation, firstSlice = 0 } = spec;
  const [m, n, outputs] = shape;
  const name = `output-gradient ${shape.join(' × ')} ${activation} into slice ${firstSlice}`;
  return memoryCase(name, async (device, memory) => {
    const states = randomNumbers((m + SPARE) * n, 1).map((x) => activate(activation, x));
    const errors = randomNumbers(m * outputs, 2);
    const values = randomNumbers(n * outputs, 3);
    const activations = memory.matrix(m + SPARE, n, states);
    const slices = gradientSlices(device, { rows: activations.rows, width: n }, m);
    const gradient = memory.buffer(nans((firstSlice + slices + 1) * n * outputs));
    const run = await prepareOutputGradient(device, {
      activations,
      residual: memory.matrix(m, outputs, errors),
      weights: memory.matrix(n, outputs, values),
      gradient,
      activation,
    });
    const commands = new Commands(device);
    run(commands, { m, firstSlice });
    await commands.finish();
    const { hidden, output } = outputGradientReference({
      m,
      n,
      outputs,
      activations: rowMajor(states, n),
      residual: rowMajor(errors, outputs),
      weights: rowMajor(values, outputs),
      activation,
    });
    const after = await readOwnValues(activations);
    requireWithin(after.subarray(0, m * n), hidden);
    requireSame(after.subarray(m * n), states.subarray(m * n));
    const range = { first: firstSlice, count: slices, size: n * outputs };
    requireWithin(sumOfSlices(await readOwnFloats(gradient), range), output);
  });
});

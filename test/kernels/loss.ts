import { requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { Commands } from '../../src/gpu/commands.js';
import type { LossKind } from '../../src/kernels/candidate-loss.js';
import { lossGroups, prepareLoss } from '../../src/kernels/loss.js';
import { rowMajor } from '../../src/reference/element.js';
import { lossReference } from '../../src/reference/loss.js';
import { type KernelCase, randomLabels, randomNumbers } from './case.js';
import { memoryCase, readOwnFloats, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, outputs: number];
  readonly loss?: LossKind;
  readonly first?: number;
  readonly firstGroup?: number;
  /** Outputs are multiples of it, so that they meet 1/2 and each other exactly. */
  readonly quantum?: number;
  /** Outputs are this many times N(0, 1), cut off at it. */
  readonly spread?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1] },
  { shape: [511, 1], first: 3, firstGroup: 1, quantum: 0.5 },
  { shape: [1031, 1], first: 1, firstGroup: 2 },
  { shape: [67, 2], first: 5, quantum: 0.5 },
  { shape: [513, 3], firstGroup: 3, quantum: 0.25 },
  { shape: [1, 10], first: 2 },
  { shape: [1543, 10], first: 7, firstGroup: 1, quantum: 1 },
  { shape: [131, 10] },
  { shape: [1, 2], loss: 'cross-entropy', first: 1 },
  { shape: [515, 2], loss: 'cross-entropy', firstGroup: 1 },
  { shape: [67, 3], loss: 'cross-entropy', first: 4, spread: 80 },
  { shape: [1031, 10], loss: 'cross-entropy', first: 3, firstGroup: 2, spread: 5 },
  { shape: [33, 10], loss: 'cross-entropy', quantum: 1000 },
];

export const lossCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, loss = 'squared', first = 0, firstGroup = 0, quantum, spread } = spec;
  const [m, outputs] = shape;
  const options = [quantum && `, multiples of ${quantum}`, spread && `, up to ${spread}`];
  const name = `loss ${loss} ${shape.join(' × ')} from ${first} into group ${firstGroup}${options.filter(Boolean).join('')}`;
  return memoryCase(name, async (device, memory) => {
    const values = randomNumbers(m * outputs, 1).map((x) => {
      if (spread) return Math.min(Math.max(x * spread, -spread), spread);
      return quantum ? Math.round(x / quantum) * quantum : x;
    });
    const oneHot = randomLabels(first + m, outputs, 2);
    const groups = lossGroups(m);
    const sums = memory.buffer(nans((firstGroup + groups + 1) * 2));
    const run = await prepareLoss(device, {
      outputs: memory.matrix(m, outputs, values),
      targets: memory.matrix(first + m, outputs, oneHot),
      sums,
      loss,
    });
    const commands = new Commands(device);
    run(commands, { m, first, firstGroup });
    await commands.finish();
    const target = rowMajor(oneHot, outputs);
    const reference = lossReference({
      m,
      outputs,
      loss,
      values: rowMajor(values, outputs),
      targets: (j, c) => target(first + j, c),
    });
    const range = { first: firstGroup, count: groups, size: 2 };
    requireWithin(sumOfSlices(await readOwnFloats(sums), range), reference);
  });
});

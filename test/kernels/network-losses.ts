import { requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { Commands } from '../../src/gpu/commands.js';
import type { LossKind } from '../../src/kernels/candidate-loss.js';
import { networkLossSlices, prepareNetworkLosses } from '../../src/kernels/network-losses.js';
import { rowMajor } from '../../src/reference/element.js';
import { networkLossesReference } from '../../src/reference/network-losses.js';
import { type KernelCase, randomLabels, randomNumbers } from './case.js';
import { memoryCase, readOwnFloats, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, networks: number, outputs: number];
  readonly loss?: LossKind;
  readonly first?: number;
  readonly firstSlice?: number;
  /** Networks that the outputs' buffer has room for. */
  readonly room?: number;
  /** Logits are cut off at this, and multiplied by it before; 0: all are equal. */
  readonly spread?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1] },
  { shape: [131, 67, 1], first: 3, firstSlice: 1 },
  { shape: [257, 5, 2], firstSlice: 2, room: 7 },
  { shape: [128, 64, 3], first: 1 },
  { shape: [37, 131, 10], firstSlice: 3 },
  { shape: [1, 3, 2], loss: 'cross-entropy', first: 2 },
  { shape: [129, 65, 2], loss: 'cross-entropy', firstSlice: 1, spread: 80 },
  { shape: [131, 7, 3], loss: 'cross-entropy', first: 5, spread: 0 },
  { shape: [259, 13, 10], loss: 'cross-entropy', first: 1, firstSlice: 1, room: 14, spread: 3 },
];

/** Examples behind the block, of which nothing may be taken in. */
const SPARE = 2;

export const networkLossesCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, loss = 'squared', first = 0, firstSlice = 0, spread = 1 } = spec;
  const [m, networks, outputs] = shape;
  const { room = networks } = spec;
  const name = `network-losses ${loss} ${shape.join(' × ')} from ${first} into slice ${firstSlice}`;
  return memoryCase(name, async (device, memory) => {
    const width = room * outputs;
    const values = nans((m + SPARE) * width);
    randomNumbers(m * width, 1).forEach((x, at) => {
      const kept = at % width < networks * outputs;
      if (kept) values[at] = Math.min(Math.max(x * spread, -80), 80);
    });
    const labels = randomLabels(first + m, outputs, 2);
    const slices = networkLossSlices(m);
    const sums = memory.buffer(nans((firstSlice + slices + 1) * networks));
    const run = await prepareNetworkLosses(device, {
      outputs: memory.matrix(m + SPARE, width, values),
      targets: memory.matrix(first + m, outputs, labels),
      sums,
      loss,
    });
    const commands = new Commands(device);
    run(commands, { m, networks, first, firstSlice });
    await commands.finish();
    const target = rowMajor(labels, outputs);
    const reference = networkLossesReference({
      m,
      networks,
      outputs,
      loss,
      values: rowMajor(values, width),
      targets: (j, c) => target(first + j, c),
    });
    const range = { first: firstSlice, count: slices, size: networks };
    requireWithin(sumOfSlices(await readOwnFloats(sums), range), reference);
  });
});

import { requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { Commands } from '../../src/gpu/commands.js';
import type { StorageFormat } from '../../src/half.js';
import { type LossKind, prepareCandidateLoss } from '../../src/kernels/candidate-loss.js';
import { sliceCount } from '../../src/kernels/example-slices.js';
import { candidateLossReference } from '../../src/reference/candidate-loss.js';
import { rowMajor } from '../../src/reference/element.js';
import { type KernelCase, randomLabels, randomNumbers, stored } from './case.js';
import { memoryCase, readOwnFloats, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  readonly loss: LossKind;
  readonly count: number;
  readonly first?: number;
  readonly firstSlice?: number;
  /** Examples that the chunk's buffer holds, when fewer count. */
  readonly capacity?: number;
  /** Which entries of a list of examples count, and how many the longest list of a step has. */
  readonly listed?: { readonly first: number; readonly count: number; readonly most: number };
  /** Logits are about this large; 0: all are equal. */
  readonly spread?: number;
  /** A neuron whose activations are NaN: its loss is, and no other. */
  readonly diverged?: number;
  readonly storage?: StorageFormat;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], loss: 'squared', count: 1 },
  { shape: [67, 131, 1], loss: 'squared', count: 3, first: 5, firstSlice: 2 },
  { shape: [2053, 5, 2], loss: 'squared', count: 7, firstSlice: 1 },
  { shape: [31, 257, 3], loss: 'squared', count: 2, first: 1, capacity: 37, diverged: 256 },
  { shape: [13, 6, 10], loss: 'squared', count: 10, capacity: 13 },
  { shape: [1, 2, 2], loss: 'cross-entropy', count: 1 },
  { shape: [67, 67, 2], loss: 'cross-entropy', count: 4, first: 3, firstSlice: 1 },
  { shape: [1031, 7, 3], loss: 'cross-entropy', count: 3, spread: 80, diverged: 2 },
  { shape: [37, 131, 10], loss: 'cross-entropy', count: 5, first: 2, capacity: 40, spread: 80 },
  { shape: [19, 9, 10], loss: 'cross-entropy', count: 2, spread: 0 },
  {
    shape: [131, 17, 1],
    loss: 'squared',
    count: 6,
    first: 4,
    listed: { first: 9, count: 23, most: 31 },
  },
  {
    shape: [67, 66, 3],
    loss: 'cross-entropy',
    count: 2,
    first: 1,
    firstSlice: 1,
    listed: { first: 0, count: 5, most: 5 },
  },
  // The last slice has no example of this step's, and still leaves a zero behind.
  {
    shape: [1061, 3, 2],
    loss: 'squared',
    count: 2,
    listed: { first: 2, count: 7, most: 1061 },
  },
  { shape: [31, 257, 3], loss: 'squared', count: 2, first: 1, diverged: 256, storage: 'f16' },
  {
    shape: [67, 66, 3],
    loss: 'cross-entropy',
    count: 2,
    first: 1,
    capacity: 70,
    listed: { first: 0, count: 5, most: 5 },
    storage: 'f16',
  },
  { shape: [29, 5, 2], loss: 'cross-entropy', count: 9, listed: { first: 3, count: 0, most: 4 } },
];

/** Entries behind a step's in the list of examples. */
const SPARE = 3;

export const candidateLossCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, loss, count, first = 0, firstSlice = 0, listed, spread = 1, diverged } = spec;
  const [m, n, outputs] = shape;
  const { capacity = m, storage } = spec;
  const part = listed ? `, ${listed.count} of ${listed.most} listed` : '';
  const name = `candidate-loss ${storage ?? 'f32'} ${loss} ${shape.join(' × ')}, pick ${count}, from ${first} into slice ${firstSlice}, logits ${spread}${part}`;
  return memoryCase(name, async (device, memory) => {
    const h = nans(capacity * n);
    const drawn = stored(randomNumbers(m * n, 1), storage);
    h.set(drawn.map((x, at) => (at % n === diverged ? Number.NaN : x)));
    const b = randomNumbers(n * outputs, 2).map((x) => x * spread);
    const labels = randomLabels(first + m, outputs, 3);
    const chosen = randomNumbers((first + m) * outputs, 4).map((x) => x * spread * count);
    const entries =
      listed && Uint32Array.from({ length: listed.first + listed.count + SPARE }, rowAt(m));
    const slices = sliceCount(device, { m: listed?.most ?? m, width: n });
    const scores = memory.buffer(nans((firstSlice + slices + 1) * n));
    const run = await prepareCandidateLoss(device, {
      activations: memory.matrix(capacity, n, h, storage),
      weights: memory.matrix(n, outputs, b),
      targets: memory.matrix(first + m, outputs, labels),
      totals: memory.matrix(first + m, outputs, chosen),
      scores,
      loss,
      indices: entries && memory.buffer(entries),
    });
    const commands = new Commands(device);
    run(commands, { first, firstSlice, count, m, ...(listed && { listed }) });
    await commands.finish();
    const [target, total] = [rowMajor(labels, outputs), rowMajor(chosen, outputs)];
    const all = Array.from({ length: m }, (_, row) => row);
    const { value, bound } = candidateLossReference({
      rows: entries && listed ? [...entries.slice(listed.first, listed.first + listed.count)] : all,
      n,
      outputs,
      loss,
      activations: rowMajor(h, n),
      weights: rowMajor(b, outputs),
      targets: (j, c) => target(first + j, c),
      totals: (j, c) => total(first + j, c),
      count,
    });
    const range = { first: firstSlice, count: slices, size: n };
    const actual = sumOfSlices(await readOwnFloats(scores), range);
    const counts = (_: number, i: number) => i !== diverged;
    if (diverged !== undefined && !Number.isNaN(actual[diverged])) {
      throw new Error(`neuron ${diverged} is not a number, but its loss is ${actual[diverged]}`);
    }
    requireWithin(actual.filter(counts), {
      value: value.filter(counts),
      bound: bound.filter(counts),
    });
  });
});

/** The row of entry e: scattered, none twice in a row. */
function rowAt(m: number): (value: unknown, entry: number) => number {
  return (_, entry) => (entry * 7 + 3) % m;
}

import { SELECTION_STATE } from '../../shaders/selection-state.js';
import { Batch } from '../../src/gpu/batch.js';
import { prepareSelectionLoss, selectionLossGroups } from '../../src/kernels/selection-loss.js';
import { elementsOf } from '../../src/reference/element.js';
import { selectionLossReference } from '../../src/reference/selection-loss.js';
import { type KernelCase, randomNumbers, requireSame, requireWithin } from './case.js';
import { floatsOf, GUARD, memoryCase, nans, sumOfSlices, valuesOf } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  readonly first?: number;
  readonly firstGroup?: number;
  readonly pick: number;
  readonly count: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], pick: 0, count: 1 },
  { shape: [523, 7, 1], first: 3, firstGroup: 4, pick: 6, count: 3 },
  { shape: [256, 131, 2], first: 1, pick: 130, count: 7 },
  { shape: [67, 5, 3], first: 64, firstGroup: 1, pick: 2, count: 10 },
  { shape: [1031, 33, 10], firstGroup: 2, pick: 32, count: 1 },
];

/** Examples behind the chunk, which must stay as they are. */
const SPARE = 2;

export const selectionLossCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, first = 0, firstGroup = 0, pick, count } = spec;
  const [m, n, outputs] = shape;
  const name = `selection-loss ${shape.join(' × ')} from ${first} into group ${firstGroup}`;
  return memoryCase(name, async (device, memory) => {
    const examples = first + m + SPARE;
    const values = randomNumbers(m * n, 1);
    const b = randomNumbers(n * outputs, 2);
    const y = randomNumbers(examples * outputs, 3);
    const before = randomNumbers(examples * outputs, 4);
    const state = new Uint32Array(SELECTION_STATE.candidates + 1).fill(GUARD);
    state[SELECTION_STATE.pick] = pick;
    const totals = memory.matrix(examples, outputs, before);
    const groups = selectionLossGroups(m);
    const sums = memory.buffer(nans(firstGroup + groups + 1));
    const run = await prepareSelectionLoss(device, {
      state: memory.buffer(state),
      activations: memory.matrix(m, n, values),
      weights: memory.matrix(n, outputs, b),
      targets: memory.matrix(examples, outputs, y),
      totals,
      sums,
    });
    const batch = new Batch(device);
    run(batch, { first, firstGroup, count });
    await batch.finish();
    const reference = selectionLossReference({
      m,
      outputs,
      activations: (j) => elementsOf(values, n)(j, pick),
      weights: (c) => elementsOf(b, outputs)(pick, c),
      targets: (j, c) => elementsOf(y, outputs)(first + j, c),
      totals: (j, c) => elementsOf(before, outputs)(first + j, c),
      count,
    });
    const after = await valuesOf(totals);
    const [begin, end] = [first * outputs, (first + m) * outputs];
    requireWithin(after.subarray(begin, end), reference.totals);
    requireSame(after.subarray(0, begin), before.subarray(0, begin));
    requireSame(after.subarray(end), before.subarray(end));
    const range = { first: firstGroup, count: groups, size: 1 };
    requireWithin(sumOfSlices(await floatsOf(sums), range), reference.loss);
  });
});

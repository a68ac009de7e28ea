import { requireSame, requireWithin } from '../../bench/check.js';
import { NO_SLOT, SELECTION_STATE } from '../../shaders/selection-state.js';
import { Commands } from '../../src/gpu/commands.js';
import type { StorageFormat } from '../../src/half.js';
import { prepareAccumulateOutputs } from '../../src/kernels/accumulate-outputs.js';
import { accumulateOutputsReference } from '../../src/reference/accumulate-outputs.js';
import { rowMajor } from '../../src/reference/element.js';
import { type KernelCase, randomNumbers, stored } from './case.js';
import { GUARD, memoryCase, readOwnValues } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  readonly first?: number;
  /** Undefined when no neuron could be picked: then nothing may change. */
  readonly pick: number | undefined;
  readonly storage?: StorageFormat;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1], pick: 0 },
  { shape: [523, 7, 1], first: 3, pick: 6 },
  { shape: [64, 131, 2], first: 1, pick: 130 },
  { shape: [67, 5, 3], first: 64, pick: 2 },
  { shape: [131, 33, 10], pick: 0 },
  { shape: [131, 5, 2], pick: undefined },
  { shape: [67, 5, 3], first: 64, pick: 3, storage: 'f16' },
  { shape: [64, 131, 2], pick: 130, storage: 'f16' },
];

/** Examples behind the chunk, which must stay as they are. */
const SPARE = 2;

export const accumulateOutputsCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, first = 0, pick, storage } = spec;
  const [m, n, outputs] = shape;
  const name = `accumulate-outputs ${storage ?? 'f32'} ${shape.join(' × ')} from ${first}, pick ${pick}`;
  return memoryCase(name, async (device, memory) => {
    const examples = first + m + SPARE;
    const values = stored(randomNumbers(m * n, 1), storage);
    const b = randomNumbers(n * outputs, 2);
    const before = randomNumbers(examples * outputs, 3);
    const state = new Uint32Array(SELECTION_STATE.candidates + 1).fill(GUARD);
    state[SELECTION_STATE.pick] = pick ?? NO_SLOT;
    const totals = memory.matrix(examples, outputs, before);
    const run = await prepareAccumulateOutputs(device, {
      state: memory.buffer(state),
      activations: memory.matrix(m, n, values, storage),
      weights: memory.matrix(n, outputs, b),
      totals,
    });
    const commands = new Commands(device);
    run(commands, first);
    await commands.finish();
    const after = await readOwnValues(totals);
    if (pick === undefined) {
      requireSame(after, before);
      return;
    }
    const [begin, end] = [first * outputs, (first + m) * outputs];
    const [h, weight, total] = [
      rowMajor(values, n),
      rowMajor(b, outputs),
      rowMajor(before, outputs),
    ];
    const reference = accumulateOutputsReference({
      m,
      outputs,
      activations: (j) => h(j, pick),
      weights: (c) => weight(pick, c),
      totals: (j, c) => total(first + j, c),
    });
    requireWithin(after.subarray(begin, end), reference);
    requireSame(after.subarray(0, begin), before.subarray(0, begin));
    requireSame(after.subarray(end), before.subarray(end));
  });
});

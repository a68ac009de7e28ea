import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { TRACE } from '../../shaders/selection-state.js';
import { upload } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { CORRECTIVE_WORDS, prepareCorrectiveUpdate } from '../../src/kernels/corrective-update.js';
import { correctiveUpdateReference } from '../../src/reference/corrective-update.js';
import { rowMajor } from '../../src/reference/element.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnFloats } from './memory.js';
import { UPDATES, updateData, wordColumn } from './rule-update.js';

/** With a pick that brings a direction, and with one that is a combination of those before. */
const SPECS = UPDATES.flatMap((update) => [
  { ...update, dependent: false },
  { ...update, dependent: true },
]);

export const correctiveUpdateCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, step, pick, dependent } = spec;
  const [n] = shape;
  const name = `corrective-update ${shape.join(' × ')}, step ${step}, pick ${pick}${dependent ? ', dependent' : ''}`;
  return memoryCase(name, async (device, memory) => {
    const data = updateData(memory, spec, CORRECTIVE_WORDS);
    const { buffers, problem, scores, innerProducts } = data;
    const { energy, outside } = data.picked;
    const picked = {
      ...data.picked,
      outside: dependent ? Math.fround(energy * 1e-5) : outside,
    };
    upload(
      buffers.trace,
      Float32Array.of(picked.outside),
      step * TRACE.words + TRACE.innerProducts + CORRECTIVE_WORDS.outside,
    );
    // Small enough that the directions leave something of most neurons.
    const directions = randomNumbers(step * n, 6).map((x) => 0.2 * x);
    const basis = nans((step + 2) * n);
    basis.set(directions);
    const kept = memory.buffer(basis);
    const run = await prepareCorrectiveUpdate(device, { ...buffers, basis: kept });
    const commands = new Commands(device);
    run(commands, step);
    await commands.finish();
    const after = await readOwnFloats(kept);
    const moved = await readOwnFloats(buffers.innerProducts);
    if (pick === undefined) {
      requireSame(after, basis);
      requireSame(moved, innerProducts);
      requireSame(await readOwnFloats(buffers.scores), scores);
      return;
    }
    const reference = correctiveUpdateReference({
      ...problem,
      step,
      picked,
      basis: rowMajor(directions, n),
    });
    requireSame(after.subarray(0, step * n), directions);
    requireWithin(after.subarray(step * n, (step + 1) * n), reference.along);
    requireSame(after.subarray((step + 1) * n), nans(n));
    for (const same of [CORRECTIVE_WORDS.correlation, CORRECTIVE_WORDS.energy]) {
      requireSame(wordColumn(moved, same), wordColumn(innerProducts, same));
    }
    requireWithin(wordColumn(moved, CORRECTIVE_WORDS.remaining), reference.remaining);
    requireWithin(wordColumn(moved, CORRECTIVE_WORDS.outside), reference.outside);
    requireWithin(await readOwnFloats(buffers.scores), reference.scores);
  });
});

import { TRACE } from '../../shaders/selection-state.js';
import { upload } from '../../src/gpu/buffer.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareCorrectiveUpdate } from '../../src/kernels/corrective-update.js';
import { correctiveUpdateReference } from '../../src/reference/corrective-update.js';
import { elementsOf } from '../../src/reference/element.js';
import { type KernelCase, randomNumbers, requireSame, requireWithin } from './case.js';
import { floatsOf, memoryCase, nans } from './memory.js';
import { momentColumn, UPDATES, updateData } from './rule-update.js';

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
    const data = updateData(memory, spec);
    const { buffers, problem, scores, moments } = data;
    const [q, d, z, outside] = data.picked;
    const picked = [q, d, z, dependent ? Math.fround(d * 1e-5) : outside] as const;
    upload(buffers.trace, Float32Array.from(picked), step * TRACE.words + TRACE.moments);
    // Small enough that the directions leave something of most neurons.
    const directions = randomNumbers(step * n, 6).map((x) => 0.2 * x);
    const basis = nans((step + 2) * n);
    basis.set(directions);
    const kept = memory.buffer(basis);
    const run = await prepareCorrectiveUpdate(device, { ...buffers, basis: kept });
    const commands = new Commands(device);
    run(commands, step);
    await commands.finish();
    const after = await floatsOf(kept);
    const moved = await floatsOf(buffers.moments);
    if (pick === undefined) {
      requireSame(after, basis);
      requireSame(moved, moments);
      requireSame(await floatsOf(buffers.scores), scores);
      return;
    }
    const reference = correctiveUpdateReference({
      ...problem,
      step,
      picked,
      basis: elementsOf(directions, n),
    });
    requireSame(after.subarray(0, step * n), directions);
    requireWithin(after.subarray(step * n, (step + 1) * n), reference.along);
    requireSame(after.subarray((step + 1) * n), nans(n));
    for (const same of [0, 1]) {
      requireSame(momentColumn(moved, same), momentColumn(moments, same));
    }
    requireWithin(momentColumn(moved, 2), reference.remaining);
    requireWithin(momentColumn(moved, 3), reference.outside);
    requireWithin(await floatsOf(buffers.scores), reference.scores);
  });
});

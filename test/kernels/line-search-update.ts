import { Commands } from '../../src/gpu/commands.js';
import { prepareLineSearchUpdate } from '../../src/kernels/line-search-update.js';
import { lineSearchUpdateReference } from '../../src/reference/line-search-update.js';
import { type KernelCase, requireSame, requireWithin } from './case.js';
import { floatsOf, memoryCase, nans } from './memory.js';
import { momentColumn, UPDATES, type UpdateSpec, updateData } from './rule-update.js';

interface Spec extends UpdateSpec {
  /** ‖u‖² and ⟨u, y⟩ before the pick. */
  readonly before: readonly [number, number];
}

/** Mixtures near nothing, in reach of the pick (γ inside), past it (γ = 1) and away from it (γ = 0). */
const MIXTURES = [
  [0, 0],
  [1.5, 0.75],
  [4, -3],
  [0.5, 3],
] as const;

const SPECS: readonly Spec[] = UPDATES.flatMap((update) =>
  MIXTURES.map((before) => ({ ...update, before })),
);

export const lineSearchUpdateCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, step, pick, before } = spec;
  const name = `line-search-update ${shape.join(' × ')}, step ${step}, pick ${pick}, from ${before.join(' and ')}`;
  return memoryCase(name, async (device, memory) => {
    const { buffers, problem, scores, moments, picked } = updateData(memory, spec);
    const [from, to] = [(step % 2) * 2, ((step + 1) % 2) * 2];
    const places = nans(4);
    places.set(before, from);
    const totals = memory.buffer(places);
    const run = await prepareLineSearchUpdate(device, { ...buffers, totals });
    const commands = new Commands(device);
    run(commands, step);
    await commands.finish();
    const after = await floatsOf(totals);
    const moved = await floatsOf(buffers.moments);
    if (pick === undefined) {
      requireSame(after, places);
      requireSame(moved, moments);
      requireSame(await floatsOf(buffers.scores), scores);
      return;
    }
    const reference = lineSearchUpdateReference({ ...problem, step, picked, totals: before });
    requireWithin(after.subarray(to, to + 2), reference.totals);
    requireSame(after.subarray(from, from + 2), before);
    requireWithin(momentColumn(moved, 2), reference.remaining);
    for (const kept of [0, 1, 3]) {
      requireSame(momentColumn(moved, kept), momentColumn(moments, kept));
    }
    requireWithin(await floatsOf(buffers.scores), reference.scores);
  });
});

import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { INNER_PRODUCTS } from '../../shaders/inner-products.js';
import { Commands } from '../../src/gpu/commands.js';
import {
  LINE_SEARCH_WORDS,
  MIXTURE_WORDS,
  prepareLineSearchUpdate,
} from '../../src/kernels/line-search-update.js';
import { lineSearchUpdateReference } from '../../src/reference/line-search-update.js';
import type { KernelCase } from './case.js';
import { memoryCase, readOwnFloats } from './memory.js';
import { UPDATES, type UpdateSpec, updateData, wordColumn } from './rule-update.js';

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
    const data = updateData(memory, spec, LINE_SEARCH_WORDS);
    const { buffers, problem, scores, innerProducts, picked } = data;
    const { words } = MIXTURE_WORDS;
    const [from, to] = [(step % 2) * words, ((step + 1) % 2) * words];
    const places = nans(2 * words);
    places[from + MIXTURE_WORDS.energy] = before[0];
    places[from + MIXTURE_WORDS.correlation] = before[1];
    const mixture = memory.buffer(places);
    const run = await prepareLineSearchUpdate(device, { ...buffers, mixture });
    const commands = new Commands(device);
    run(commands, step);
    await commands.finish();
    const after = await readOwnFloats(mixture);
    const moved = await readOwnFloats(buffers.innerProducts);
    if (pick === undefined) {
      requireSame(after, places);
      requireSame(moved, innerProducts);
      requireSame(await readOwnFloats(buffers.scores), scores);
      return;
    }
    const [energy, correlation] = before;
    const reference = lineSearchUpdateReference({
      ...problem,
      step,
      picked,
      mixture: { energy, correlation },
    });
    requireWithin(after.subarray(to, to + words), reference.mixture);
    requireSame(after.subarray(from, from + words), places.subarray(from, from + words));
    for (let word = 0; word < INNER_PRODUCTS; word++) {
      const column = wordColumn(moved, word);
      if (word === LINE_SEARCH_WORDS.remaining) requireWithin(column, reference.remaining);
      else requireSame(column, wordColumn(innerProducts, word));
    }
    requireWithin(await readOwnFloats(buffers.scores), reference.scores);
  });
});

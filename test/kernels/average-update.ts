import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { AVERAGE_WORDS, prepareAverageUpdate } from '../../src/kernels/average-update.js';
import { averageUpdateReference } from '../../src/reference/average-update.js';
import type { KernelCase } from './case.js';
import { memoryCase, readOwnFloats } from './memory.js';
import { UPDATES, updateData } from './rule-update.js';

export const averageUpdateCases: readonly KernelCase[] = UPDATES.map((spec) =>
  memoryCase(
    `average-update ${spec.shape.join(' × ')}, pick ${spec.pick}`,
    async (device, memory) => {
      const { buffers, problem, scores, innerProducts } = updateData(memory, spec, AVERAGE_WORDS);
      const run = await prepareAverageUpdate(device, buffers);
      const commands = new Commands(device);
      run(commands);
      await commands.finish();
      const after = await readOwnFloats(buffers.scores);
      if (spec.pick === undefined) requireSame(after, scores);
      else requireWithin(after, averageUpdateReference({ ...problem, scores }));
      requireSame(await readOwnFloats(buffers.innerProducts), innerProducts);
    },
  ),
);

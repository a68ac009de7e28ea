import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where the files lie that take longest, those first: they compile kernels, or start processes and browsers. */
const LONG = ['kernels', 'bench', 'cli', 'experiment', 'demo'];

/** The longest files first, so that none of them is left for one process while the other has nothing to do. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isIn = (folder: string) => (file: TestSpecification) =>
      relative(import.meta.dirname, file.moduleId).startsWith(folder);
    const sorted = await super.sort(files);
    return [
      ...LONG.flatMap((folder) => sorted.filter(isIn(folder))),
      ...sorted.filter((file) => !LONG.some((folder) => isIn(folder)(file))),
    ];
  }
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    // Dawn keeps native threads alive; a forked process ends with them, a worker thread does not.
    pool: 'forks',
    // Files of a process share its device, and with it what is compiled.
    isolate: false,
    // Twice as many as cores: starting processes and compiling shaders keep one core busy at most, and
    // queues and browsers are waited for. With three on two cores, a third of their time was idle.
    maxWorkers: Math.max(4, availableParallelism()),
    sequence: { sequencer: LongestFirst },
    testTimeout: 240_000,
    hookTimeout: 240_000,
    expect: { poll: { timeout: 30_000 } },
  },
});

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The kernels' cases first: the longest files are the shortest to read, which vitest takes for short. */
class KernelsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isKernels = ({ moduleId }: TestSpecification) => moduleId.includes('/test/kernels/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isKernels), ...sorted.filter((file) => !isKernels(file))];
  }
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    // Dawn keeps native threads alive; a forked process ends with them, a worker thread does not.
    pool: 'forks',
    // Two even on two cores: starting processes and compiling shaders keep one core busy at most.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: KernelsFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});

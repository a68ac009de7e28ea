import type { JobContext } from '../../src/hosts/host.js';
import { serveJobs } from '../../src/hosts/page.js';
import { typicalCases } from './cases.js';

export interface CaseResult {
  readonly name: string;
  /** What went wrong; absent when the case passed. */
  readonly failure?: string;
}

export const jobs = {
  /** Runs a case of each kind and hands over each result as it comes. */
  kernelCases: async ({ device, emit }: JobContext<CaseResult>, _input: null): Promise<number> => {
    for (const { name, run } of typicalCases) {
      try {
        await run(device);
        device.check();
        await emit({ name });
      } catch (error) {
        await emit({ name, failure: String(error) });
      }
    }
    return typicalCases.length;
  },
};

await serveJobs(jobs, navigator.gpu);

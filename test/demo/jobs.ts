import { finalResult } from '../../src/experiment/relay.js';
import type { JobContext } from '../../src/hosts/host.js';
import {
  type CompareInput,
  type CompareSummary,
  compare,
  type RunInput,
  type RunSummary,
  run,
} from '../../src/index.js';

/** The library's functions, without anything of the page. */
export const libraryJobs = {
  run: ({ device, signal }: JobContext<never>, input: RunInput): Promise<RunSummary> =>
    finalResult(run(device, input, signal)),
  compare: ({ device, signal }: JobContext<never>, input: CompareInput): Promise<CompareSummary> =>
    finalResult(compare(device, input, signal)),
};

import type { JobContext } from '../../src/hosts/host.js';
import { type RunEvent, type RunInput, type RunSummary, run } from '../../src/index.js';

export const runJobs = {
  /** The library's run, without anything of the page. */
  async run({ device, signal }: JobContext<RunEvent>, input: RunInput): Promise<RunSummary> {
    const events = run(device, input, signal);
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
    }
  },
};

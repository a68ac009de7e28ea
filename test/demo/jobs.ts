import { finalResult } from '../../src/experiment/relay.js';
import type { JobContext } from '../../src/hosts/host.js';
import {
  type CompareInput,
  type CompareSummary,
  compare,
  measureSizes,
  type RunEvent,
  type RunInput,
  type RunSummary,
  run,
  type Size,
} from '../../src/index.js';

/** The library's functions, without anything of the page. */
export const libraryJobs = {
  /** A run's summary, and the figures of every size of its last selection. */
  run: async ({ device, signal }: JobContext<never>, input: RunInput) => {
    const events: RunEvent[] = [];
    const summary: RunSummary = await finalResult(run(device, input, signal), (event) =>
      events.push(event),
    );
    const dense = events.findLast((event) => event.type === 'checkpoint');
    const selection = events.findLast((event) => event.type === 'subnetwork')?.selection;
    if (!dense || !selection) throw new Error('The run has selected nothing.');
    const given = { ...input, network: dense.network, selection };
    const { picked, refitted } = await measureSizes(device, given, signal);
    const sizes = (refitted ?? picked).map(({ network, trainingLoss, testAccuracy }: Size) => ({
      width: network.width,
      trainingLoss,
      testAccuracy,
    }));
    return { summary, sizes };
  },
  compare: ({ device, signal }: JobContext<never>, input: CompareInput): Promise<CompareSummary> =>
    finalResult(compare(device, input, signal)),
};

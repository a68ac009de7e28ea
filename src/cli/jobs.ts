import type { Job, JobContext } from '../hosts/host.js';
import { type RunEvent, type RunInput, type RunSummary, run } from '../study/run.js';
import { type DeviceReport, reportDevice } from './report-device.js';

/** What a host can be asked to do; the same functions run in this process and in a page. */
export const jobs = {
  run: async ({ device, emit, signal }: JobContext<RunEvent>, input: RunInput) => {
    const events = run(device, input, signal);
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
      await emit(next.value);
    }
  },
  info: async ({ device }: JobContext<never>, _input: null) => reportDevice(device),
} satisfies {
  run: Job<RunInput, RunEvent, RunSummary>;
  info: Job<null, never, DeviceReport>;
};

import { type HostChoice, openHost } from '../hosts/choose.js';
import type { AdapterPreference, Host } from '../hosts/host.js';
import type { TuningMode } from '../hosts/tuning.js';
import { builtPath } from './built.js';
import { jobs } from './jobs.js';

export interface HostFlags {
  readonly host: HostChoice;
  readonly adapter: AdapterPreference;
  readonly tuning: TuningMode;
}

/** Opens a host that the caller closes; `pageScript` for Chrome serves the same jobs. */
export function openOwnHost(
  { host, adapter, tuning }: HostFlags,
  pageScript = builtPath('page.js'),
): Promise<Host<typeof jobs>> {
  const onNote = (note: string) => void process.stderr.write(`${note}\n`);
  return openHost(host, jobs, { pageScript, adapter, tuning, onNote });
}

/** Opens the host, lets `use` work with it, and closes it whatever happens. */
export async function withHost<T>(
  flags: HostFlags,
  use: (host: Host<typeof jobs>) => Promise<T>,
): Promise<T> {
  const host = await openOwnHost(flags);
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

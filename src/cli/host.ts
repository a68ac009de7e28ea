import { join } from 'node:path';
import { type HostChoice, openHost } from '../hosts/choose.js';
import type { AdapterPreference, Host } from '../hosts/host.js';
import type { TuningMode } from '../hosts/tuning.js';
import { jobs } from './jobs.js';

/** The page's script lies beside the command line's own bundle. */
const PAGE_SCRIPT = join(import.meta.dirname, 'page.js');

export interface HostFlags {
  readonly host: HostChoice;
  readonly adapter: AdapterPreference;
  readonly tuning: TuningMode;
}

/** Opens a host that the caller closes; `pageScript` for Chrome serves the same jobs. */
export function openOwnHost(
  { host, adapter, tuning }: HostFlags,
  pageScript = PAGE_SCRIPT,
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

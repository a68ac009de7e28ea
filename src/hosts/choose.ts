import { type ChromeOptions, openChromeHost } from './chrome.js';
import type { Host, Jobs } from './host.js';
import { openNodeHost } from './node.js';

export type HostChoice = 'auto' | 'node' | 'chrome';

export interface HostOptions extends ChromeOptions {
  /** The path of the built script for Chrome's page; see `openChromeHost`. */
  readonly pageScript: string;
}

/**
 * Opens a host by name. `auto` means `node`, which has hardware and software adapters.
 *
 * @throws what `openNodeHost` and `openChromeHost` throw.
 */
export async function openHost<J extends Jobs>(
  choice: HostChoice,
  jobs: J,
  { pageScript, ...options }: HostOptions,
): Promise<Host<J>> {
  return choice === 'chrome' ? openChromeHost<J>(pageScript, options) : openNodeHost(jobs, options);
}

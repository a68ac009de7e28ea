import { execFile } from 'node:child_process';
import { copyFile, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '../../bench/report.js';
import { refused } from '../cli/refused.js';

const ROOT = resolve(import.meta.dirname, '../..');

const configFile = join(ROOT, 'src/vite.config.ts');

const DIST = join(ROOT, 'dist');
/** `npm run bench` leaves the peers in the build; the rest is of no use here. */
const LEFT_OUT = ['bench-page.js', 'bench-peers.js', 'demo', 'types'].map((name) =>
  join(DIST, name),
);

/** The report of the first run in Node, and the same as if it were of another adapter. */
const NODE_REPORT = 'node.json';
const FOREIGN = 'foreign.json';

let folder: string;
beforeAll(async () => {
  folder = await installIn(await mkdtemp(join(tmpdir(), 'espalier-bench-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The command line as it is built, without the peers. */
async function installIn(home: string): Promise<string> {
  await copyFile(join(ROOT, 'package.json'), join(home, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(home, 'node_modules'));
  await cp(DIST, join(home, 'dist'), {
    recursive: true,
    filter: (path) => !LEFT_OUT.includes(path),
  });
  return home;
}

const readReport = async (file: string) =>
  reportSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));

/** Puts an error into what is built. */
async function spoil(dist: string, right: string, wrong: string): Promise<void> {
  let found = 0;
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    if (!text.includes(right)) continue;
    found++;
    await writeFile(join(dist, name), text.replace(right, wrong));
  }
  expect(found).toBeGreaterThan(0);
}

const bench = (...flags: readonly string[]) => benchIn(folder, ...flags);

function benchIn(home: string, ...flags: readonly string[]) {
  const args = [join(home, 'dist/cli.js'), 'bench', ...flags];
  return new Promise<{ code: unknown; out: string; err: string }>((done) => {
    execFile(process.execPath, args, { cwd: folder }, (error, out, err) => {
      done({ code: error ? error.code : 0, out, err });
    });
  });
}

const VERDICT = / [\d.]+ +[\d.]+–[\d.]+ +(?:faster|slower|within noise|too few runs|other clock)$/m;

test.each(['node', 'chrome'])('times a kernel in %s and leaves its report', async (host) => {
  const [file, foreign, page] = [
    host === 'node' ? NODE_REPORT : 'chrome.json',
    FOREIGN,
    'page.html',
  ];
  const flags = ['--quick', '--kernel', 'pick', '--adapter', 'software', '--json', file];
  // The second run is compared with the first, as if that were of another adapter, and drawn.
  const more = host === 'node' ? [] : ['--baseline', foreign, '--force', '--html', page];
  const { code, out, err } = await bench('--host', host, ...flags, ...more);
  expect({ code, err }).toMatchObject({ code: 0 });
  const report = await readReport(file);
  expect(Math.abs(Date.now() - Date.parse(report.date))).toBeLessThan(600_000);
  expect(report).toMatchObject({
    host,
    adapter: {
      kind: 'software',
      architecture: 'swiftshader',
      device: expect.stringMatching(/swiftshader/i),
      driver: expect.stringMatching(/^SwiftShader driver \d/),
    },
    results: [{ work: 'pick', shape: { n: 1024, p: 4 }, subject: 'espalier', verified: true }],
  });
  expect(Object.keys(report.versions)).toEqual([
    'espalier',
    'node',
    host === 'node' ? 'webgpu' : 'chrome',
  ]);
  const { name, driver } = report.adapter;
  expect(out).toContain(`Adapter: ${name}. Driver: ${driver}. Host: ${host}.`);
  expect(out).toMatch(/^pick {2}n=1024,p=4\n {2}espalier +default +yes +[\d.]+ /m);
  expect(err).toMatch(/^Measuring .*\n1 of 1: pick n=1024,p=4\n/);
  expect(err).toContain('pick n=1024,p=4 (default): within the bound');
  if (host === 'node') {
    const adapter = { ...report.adapter, vendor: 'another' };
    await writeFile(join(folder, FOREIGN), JSON.stringify({ ...report, adapter }));
    return;
  }
  expect(out).toMatch(VERDICT);
  expect(out).toMatch(/\nFiles: chrome\.json, page\.html\n$/);
  const html = await readFile(join(folder, page), 'utf8');
  expect(html).toContain('<svg');
  expect(html).toContain('espalier bench --host chrome --quick --kernel pick');
});

test('compares with an earlier run of another adapter only when forced', async () => {
  const unlike = await bench('--quick', 'pick', '--adapter', 'software', '--baseline', FOREIGN);
  expect(unlike).toMatchObject({ code: 2, out: '' });
  expect(unlike.err).toMatch(/^error: --baseline .*foreign\.json was measured on .*--force\.$/m);
});

test('Ctrl-C ends with 130, the table of what was measured, and its file', async () => {
  const flags = ['--adapter', 'software', '--baseline', NODE_REPORT, '--json', 'interrupted.json'];
  const args = ['--quick', 'pick', 'lookahead', 'gather-columns', ...flags];
  const command = [join(folder, 'dist/cli.js'), 'bench', ...args];
  const { code, out, err } = await new Promise<Awaited<ReturnType<typeof bench>>>((done) => {
    const child = execFile(process.execPath, command, { cwd: folder }, (error, out, err) => {
      done({ code: error ? error.code : 0, out, err });
    });
    child.stderr?.on('data', (text: string) => {
      if (/^2 of /m.test(text)) child.kill('SIGINT');
    });
  });
  expect({ code, err }).toMatchObject({
    code: 130,
    err: expect.stringMatching(/^Interrupted\. /m),
  });
  // The baseline is of this adapter.
  expect(out).toMatch(/ vs baseline +noise band +verdict$/m);
  expect(out).toMatch(VERDICT);
  expect(out).toMatch(/\nFiles: interrupted\.json\n$/);
  const { results } = await readReport('interrupted.json');
  expect(results.length).toBeGreaterThan(0);
  expect(new Set(results.map(({ work }) => work)).size).toBeLessThan(3);
});

test('a wrong answer ends with code 1, and nothing of its kernel is timed', async () => {
  const [right, wrong] = ['+', '-'].map((sign) => `let v = params.decay * velocity[at] ${sign} `);
  const home = await installIn(await mkdtemp(join(folder, 'wrong-')));
  await spoil(join(home, 'dist'), right!, wrong!);
  const flags = ['momentum-update', 'loss', '--shape', 'c=1', '--adapter', 'software'];
  const { code, out, err } = await benchIn(home, ...flags, '--host', 'node');
  expect(code).toBe(1);
  expect(out).toMatch(
    /^momentum-update {2}n=1024,c=1,slices=1\n {2}espalier +default +NO +velocity: element/m,
  );
  expect(out.match(/^momentum-update/gm)).toHaveLength(1);
  expect(out).toMatch(/^loss .*\n {2}espalier +default +yes /m);
  expect(err).toContain('WRONG, not timed');
  expect(err).toContain('error: Not every answer was right');
});

test.each([
  [['--kernel', 'peck'], /'peck' is invalid. Allowed choices are matmul, .*pick/],
  [['--work', 'pick'], /'pick' is invalid. Allowed choices are sgd-step, .*selection/],
  [['selektion'], /'selektion' is invalid .*Allowed choices are .*selection/],
  [['pick', '--variant', 'lanes'], /no variant "lanes".*default \(pick\)/],
  [['pick', '--shape', 'n=7'], /no shape "n=7".*pick n=1024,p=4/],
  [['pick', '--shape', '7'], /--shape must name sizes, such as m=128,n=1024, not "7"/],
  [['pick', '--json', 'nowhere/report.json'], /--json .*: there is no folder .*nowhere/],
  [['pick', '--html', '.'], /--html \.: that is a folder/],
  [['pick', '--html', 'package.json/page.html'], /--html .* is a file, not a folder/],
  [['pick', '--force'], /--force goes with --baseline/],
  [['pick', '--baseline', 'nowhere.json'], /--baseline nowhere\.json cannot be read: .*no such/],
  [['pick', '--baseline', 'package.json'], /--baseline package\.json is no result of .*"date"/],
  [['pick', '--subject', 'jax-js'], /no peers for pick; there are for sgd-step.*matmul/],
])('%j is bad usage', async (flags, message) => {
  const { code, stderr } = await refused(['bench', ...flags], folder);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test('without the peers in the build, asking for them is bad usage', async () => {
  const { code, out, err } = await bench('selection', '--subject', 'tfjs');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/--subject tfjs: they are not in this build.*npm run bench/);
});

test.each([
  ['chrome', []],
  ['node', ['--host', 'node']],
])(
  'the peers select what this library selects, in %s',
  async (host, more) => {
    const output = { outDir: join(folder, 'dist'), emptyOutDir: false };
    // The second host finds them built.
    for (const mode of host === 'chrome' ? ['bench-page', 'bench-peers'] : []) {
      await build({ configFile, mode, build: output });
    }
    const flags = ['--quick', '--shape', 'n=64', '--adapter', 'software', '--json', 'peers.json'];
    const { code, out, err } = await bench('selection', ...flags, ...more);
    expect({ code, err }).toMatchObject({ code: 0 });
    const report = await readReport('peers.json');
    expect(report).toMatchObject({
      host,
      versions: { 'jax-js': expect.stringMatching(/^0\.1\./), tfjs: expect.stringMatching(/^4\./) },
      results: ['espalier', 'jax-js', 'tfjs'].map((subject) => ({ subject, verified: true })),
    });
    for (const peer of ['jax-js', 'tfjs']) {
      expect(err).toContain(`(${peer} fastest): the same picks, every pick within`);
      expect(out).toMatch(new RegExp(`^ {2}${peer} +fastest +yes .*[0-9]×`, 'm'));
    }
  },
  300_000,
);

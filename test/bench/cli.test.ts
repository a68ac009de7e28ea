import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '../../bench/report.js';

const ROOT = resolve(import.meta.dirname, '../..');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-bench-'));
  await copyFile(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const configFile = join(ROOT, 'src/vite.config.ts');
  const output = { outDir: join(folder, 'dist'), emptyOutDir: false };
  await build({ configFile, build: output });
  await build({ configFile, mode: 'page', build: output });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function bench(...flags: readonly string[]) {
  const args = [join(folder, 'dist/cli.js'), 'bench', ...flags];
  return new Promise<{ code: unknown; out: string; err: string }>((done) => {
    execFile(process.execPath, args, { cwd: folder }, (error, out, err) => {
      done({ code: error ? error.code : 0, out, err });
    });
  });
}

test.each(['node', 'chrome'])('times a kernel in %s and leaves its report', async (host) => {
  const file = join(folder, `${host}.json`);
  const flags = ['--quick', '--kernel', 'argmin', '--adapter', 'software', '--json', file];
  const { code, out, err } = await bench('--host', host, ...flags);
  expect({ code, err }).toMatchObject({ code: 0 });
  const report = reportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  expect(report).toMatchObject({
    host,
    adapter: { kind: 'software', architecture: 'swiftshader' },
    results: [{ work: 'argmin', shape: { n: 1024, p: 4 }, subject: 'espalier', verified: true }],
  });
  expect(Object.keys(report.versions)).toEqual([
    'espalier',
    'node',
    host === 'node' ? 'webgpu' : 'chrome',
  ]);
  expect(out).toContain(`Adapter: ${report.adapter.name}. Host: ${host}.`);
  expect(out).toMatch(/│ argmin +│ n=1024,p=4 │ espalier +│ default +│ +yes │/);
  expect(err).toContain('argmin n=1024,p=4 (default): within the bound');
});

test.each([
  [['--kernel', 'argmax'], /'argmax' is invalid. Allowed choices are matmul, .*argmin/],
  [['--work', 'argmin'], /'argmin' is invalid. Allowed choices are sgd-step, .*selection/],
  [['selektion'], /'selektion' is invalid .*Allowed choices are .*selection/],
  [['argmin', '--variant', 'lanes'], /no variant "lanes".*default \(argmin\)/],
  [['argmin', '--shape', 'n=7'], /no shape "n=7".*argmin n=1024,p=4/],
  [['argmin', '--shape', '7'], /--shape must name sizes, such as m=128,n=1024, not "7"/],
  [['argmin', '--json', 'nowhere/report.json'], /there is no folder .*nowhere/],
  [['selection', '--subject', 'tfjs'], /--subject tfjs: they are not in this build.*npm run bench/],
  [['selection', '--subject', 'tfjs', '--host', 'node'], /--subject tfjs: they run in Chrome/],
  [['argmin', '--subject', 'jax-js'], /no peers for argmin; there are for sgd-step.*matmul/],
])('%j is bad usage', async (flags, message) => {
  const { code, out, err } = await bench(...flags);
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(out).toBe('');
});

test('the peers select what this library selects, in one page of Chrome', async () => {
  const configFile = join(ROOT, 'src/vite.config.ts');
  const output = { outDir: join(folder, 'dist'), emptyOutDir: false };
  await build({ configFile, mode: 'bench-page', build: output });
  const file = join(folder, 'peers.json');
  const flags = ['--quick', '--shape', 'n=256', '--adapter', 'software', '--json', file];
  const { code, out, err } = await bench('selection', ...flags);
  expect({ code, err }).toMatchObject({ code: 0 });
  const report = reportSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  expect(report).toMatchObject({
    host: 'chrome',
    versions: { 'jax-js': expect.stringMatching(/^0\.1\./), tfjs: expect.stringMatching(/^4\./) },
    results: ['espalier', 'jax-js', 'tfjs'].map((subject) => ({ subject, verified: true })),
  });
  for (const peer of ['jax-js', 'tfjs']) {
    expect(err).toContain(`(${peer}): the same picks, every pick within`);
    expect(out).toMatch(new RegExp(`│ ${peer} +│ default │ +yes │ .*[0-9]×`));
  }
}, 300_000);

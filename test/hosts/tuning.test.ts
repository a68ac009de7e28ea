import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openHost } from '../../src/hosts/choose.js';
import { keepTuning, readTuning } from '../../src/hosts/tuning.js';
import { bundle, folderWith } from './fixture/build.js';
import { jobs } from './fixture/jobs.js';

let folder: string;
let pageScript: string;
let cache: string;
beforeAll(async () => {
  folder = await folderWith();
  pageScript = await bundle('page', folder);
  cache = await mkdtemp(join(tmpdir(), 'espalier-tuning-'));
  vi.stubEnv('ESPALIER_CACHE', cache);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
  await rm(cache, { recursive: true });
});

test.each(['node', 'chrome'] as const)(
  'what a host in %s measures is known to the next one',
  async (choice) => {
    const open = () => openHost(choice, jobs, { adapter: 'software', pageScript });
    const first = await open();
    const measured = await first.execute('measure', { kernel: `of ${choice}` });
    await first.close();
    expect(measured.at(-1)).toMatch(/swiftshader.*: of (node|chrome) (one|other)$/i);
    const kept = await readTuning('kept');
    expect([...(kept ?? [])].map((entry) => entry.join(' '))).toContain(measured.at(-1));
    const second = await open();
    const known = await second.execute('measure', { kernel: 'another' });
    await second.close();
    expect(known).toContain(measured.at(-1));
  },
);

test('the fixed choice measures nothing', async () => {
  const host = await openHost('node', jobs, { adapter: 'software', pageScript, tuning: 'fixed' });
  expect(await host.execute('measure', { kernel: 'unmeasured' })).toEqual([]);
  await host.close();
});

test('what cannot be read is measured again, and what others kept stays', async () => {
  await keepTuning(new Map([['one', 'a']]));
  await keepTuning(new Map([['two', 'b']]));
  const kept = await readTuning('kept');
  expect([kept?.get('one'), kept?.get('two')]).toEqual(['a', 'b']);
  const file = join(cache, 'tuning-2', 'configurations.json');
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ one: 'a' });
  await writeFile(file, '{"one": 1');
  expect(await readTuning('kept')).toEqual(new Map());
});

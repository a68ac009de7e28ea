import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unwritable, writeJson, writeWhole } from '../../src/cli/files.js';
import { errorExitCode } from '../../src/cli/outcome.js';
import { drawReport } from '../../src/cli/report.js';
import { parseStudyConfig } from '../../src/study/study-config.js';
import { sampleCells } from '../report/sample-cells.js';

// Every write to this device ends with ENOSPC.
const FULL = '/dev/full';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

const bytes = new TextEncoder().encode('new');

test('on a full disk a file stays as it was, and the error names it', async () => {
  const file = { name: 'file', bytes };
  await writeWhole(folder, { ...file, bytes: new TextEncoder().encode('old') });
  await symlink(FULL, join(folder, '.file.part'));
  await expect(writeWhole(folder, file)).rejects.toThrow(
    `Cannot write ${join(folder, 'file')}: ENOSPC`,
  );
  expect(await readdir(folder)).toEqual(['file']);
  expect(await readFile(join(folder, 'file'), 'utf8')).toBe('old');
});

test('a disk without room has failed; a folder that cannot be written to was named wrongly', () => {
  const exitCode = (code: string) =>
    errorExitCode(unwritable('no', Object.assign(new Error('no'), { code })));
  expect(['ENOSPC', 'EDQUOT', 'EACCES', 'EROFS', 'ENOENT'].map(exitCode)).toEqual([1, 1, 2, 2, 2]);
});

test('a device, a pipe or a link is written to, and stays what it is', async () => {
  await symlink(FULL, join(folder, 'full'));
  await expect(writeJson(folder, 'full', {})).rejects.toThrow(/full: ENOSPC/);
  await symlink(join(folder, 'target'), join(folder, 'link'));
  await writeWhole(folder, { name: 'link', bytes });
  expect(await readFile(join(folder, 'target'), 'utf8')).toBe('new');
  expect((await readdir(folder)).toSorted()).toEqual(['full', 'link', 'target']);
});

test('a study whose figure does not fit on the disk fails, and names the figure', async () => {
  const config = parseStudyConfig({ sizes: [25], trials: 1, iterations: 20, pruneEvery: 10 });
  const study = { path: folder, cells: sampleCells(config) };
  await symlink(FULL, join(folder, '.heat-map.png.part'));
  await expect(drawReport(config, study, { version: '1.2.3' })).rejects.toThrow(
    `Cannot write ${join(folder, 'heat-map.png')}: ENOSPC`,
  );
  expect(await readdir(folder)).not.toContain('report.html');
});

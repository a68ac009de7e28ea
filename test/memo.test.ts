import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { memo } from '../src/memo.js';

test('what was made is shared, what failed is made again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-memo-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'file');
  const memos = new Map<string, Promise<string>>();
  const read = () => memo(memos, file, () => readFile(file, 'utf8'));
  const failing = [read(), read()];
  expect(failing[1]).toBe(failing[0]);
  for (const one of failing) await expect(one).rejects.toThrow('ENOENT');
  await writeFile(file, 'first');
  expect(await Promise.all([read(), read()])).toEqual(['first', 'first']);
  await writeFile(file, 'second');
  expect(await read()).toBe('first');
});

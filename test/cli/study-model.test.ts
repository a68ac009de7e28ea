import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { start } from './espalier.js';
import { refused } from './refused.js';
import { writeTinyPictures } from './tiny-model.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-study-model-'));
  await writeTinyPictures(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const FLAGS = [
  ...['study', '--architecture', 'resnet8', '--data', 'data', '--sizes', '10', '--trials', '1'],
  ...['--iterations', '2', '--checkpoints', '2', '--batch', '10', '--criteria', 'l1,random'],
  ...['--calibration', '4', '--fine-tune', '0', '--widths', '0.25'],
];
const OUT = ['--out', 'studied', '--host', 'node', '--adapter', 'software'];

const DONE = { code: 0, stderr: '' };

test('a study of a deep network goes on after Ctrl-C and after a kill', async () => {
  const own = [...FLAGS, ...OUT];
  const interrupted = start(own, { cwd: folder });
  await interrupted.said(/2 cells of resnet8\./);
  const out = join(folder, 'studied');
  while (!(await stat(join(out, 'resnet8-w0.25-m10-r0/dense-2.safetensors')).catch(() => false)))
    await sleep(50);
  interrupted.child.kill('SIGINT');
  const { code, stderr } = await interrupted.ended;
  expect(code, stderr).toBe(130);
  expect(stderr).toMatch(
    /[01] of 2 cells are done\. Go on with: espalier study --resume --out studied/,
  );

  // Killed outright at its work, and as if in the middle of writing a cell.
  const killed = start(['study', '--resume', ...OUT], { cwd: folder });
  await killed.said(/cells? of resnet8\./);
  killed.child.kill('SIGKILL');
  expect((await killed.ended).signal).toBe('SIGKILL');
  const text = await readFile(join(out, 'cells.jsonl'), 'utf8').catch(() => '');
  const before = text.split('\n').slice(0, -1);
  await appendFile(join(out, 'cells.jsonl'), '{"examples":10,"tri');
  expect(await refused(['study', '--resume', ...OUT], folder)).toEqual(DONE);
  const lines = (await readFile(join(out, 'cells.jsonl'), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines.slice(0, before.length)).toEqual(before);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ criterion: 'random', kept: '1 3 6' });
  // As if killed once more, between the last cell and the end of its training.
  const trial = join(out, 'resnet8-w0.25-m10-r0');
  await writeFile(join(trial, 'state.safetensors'), '');
  expect(await refused(['study', '--resume', ...OUT], folder)).toEqual(DONE);
  expect((await readdir(trial)).toSorted()).toEqual(
    ['dense-2', 'pruned-2-l1', 'pruned-2-random'].map((name) => `${name}.safetensors`),
  );
  expect((await readdir(out)).filter((name) => /lock|part/.test(name))).toEqual([]);

  const other = await refused([...own, '--seed', '7'], folder);
  expect(other.stderr).toMatch(/studied holds a study of another configuration: its "seed" is 0/);
  expect(other.code).toBe(2);
}, 240_000);

test('evaluate refuses more pictures than there are', async () => {
  const file = 'studied/resnet8-w0.25-m10-r0/dense-2.safetensors';
  const args = ['evaluate', file, '--data', 'data', '--pictures', '11'];
  const { code, stderr } = await refused(args, folder);
  expect(stderr).toMatch(/--pictures must be a whole number from 1 to 10, not 11/);
  expect(code).toBe(2);
});

test.each([
  [['--checkpoints', '0,9'], /--checkpoints must be steps of the schedule: .* 2, as the last/],
  [['--layout', 'paper'], /--layout must be left out, not "paper": it is published for ResNets/],
  [['--sizes', '21'], /--sizes must be whole numbers from 1 to 20/],
  [['--picks', '8'], /Unknown configuration key "picks"/],
  [['--then', 'magnitude', '1'], /--then must be "magnitude" and a share above 0 and below 1/],
  [['--then', 'magnitude', '0.9'], /--then must be magnitude with 0\.\d+ at most/],
  [['--until', '2'], /--until must be a share above 0, and 1 at most/],
  [['--queue', 'redis://x', '--until', '1'], /--until must be left out, not 1: the workers of/],
] as const)('refuses %s before any work', async (flags, message) => {
  const { code, stderr } = await refused([...FLAGS, ...flags, '--out', 'none'], folder);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
  expect(await readdir(folder)).not.toContain('none');
});

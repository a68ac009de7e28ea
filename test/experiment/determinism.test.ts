import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { espalier } from '../cli/espalier.js';
import { writeSource } from './source.js';

let root: string;
let large: string;
let many: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-determinism-'));
  large = await writeSource(join(root, 'large'), { rows: 19, columns: 20, train: 320, test: 9 });
  many = await writeSource(join(root, 'many'), { rows: 2, columns: 2, train: 4200, test: 9 });
});
afterAll(() => rm(root, { recursive: true }));

type Files = Readonly<Record<string, string>>;

let runs = 0;

/** Runs the command line and gives every safetensors file's bytes, as text that compares. */
async function runFiles(data: string, flags: string): Promise<Files> {
  const out = join(root, String(runs++));
  const { code, stderr } = await espalier(
    ['run', '--data', data, ...flags.split(' '), '--out', out],
    root,
  );
  expect(code, stderr).toBe(0);
  const names = (await readdir(out)).filter((name) => name.endsWith('.safetensors'));
  const entries = names.map(async (name) => [name, await readFile(join(out, name), 'latin1')]);
  return Object.fromEntries(await Promise.all(entries)) as Files;
}

// Wide enough for several workgroups in both directions, and for uneven last ones.
const SHAPE = '--examples 301 --width 133 --iterations 9 --picks 21 --fine-tune 5';

describe.each([
  ['stochastic descent', `${SHAPE} --batch 57 --momentum 0.9`],
  ['descent', `${SHAPE} --batch full --task digits --activation relu`],
])('%s', (_, flags) => {
  test('gives the same bytes for one seed, and others for another', async () => {
    const first = await runFiles(large, flags);
    expect(Object.keys(first)).toHaveLength(5);
    expect(await runFiles(large, `${flags} --seed 0`)).toEqual(first);
    const other = await runFiles(large, `${flags} --seed 1`);
    expect(Object.keys(other)).toEqual(Object.keys(first));
    for (const [name, bytes] of Object.entries(other)) expect(bytes, name).not.toBe(first[name]);
  });
});

test('training does not depend on where checkpoints fall', async () => {
  // Sixteen batches of this size are uploaded at a time, so that checkpoints cut the blocks.
  const flags =
    '--examples 4200 --width 9 --batch 4096 --iterations 20 --momentum 0.9 --picks 4 --fine-tune 3';
  const plain = await runFiles(many, flags);
  const often = await runFiles(many, `${flags} --prune-every 7`);
  expect(Object.keys(plain)).toHaveLength(5);
  expect(Object.keys(often)).toHaveLength(1 + 3 * 4);
  expect(often).toMatchObject(plain);
});

test('a batch of all examples, or more, is gradient descent', async () => {
  const flags = '--examples 67 --width 9 --iterations 5 --picks 4 --fine-tune 3 --batch';
  const full = await runFiles(large, `${flags} full`);
  for (const batch of ['67', '1000000000'])
    expect(await runFiles(large, `${flags} ${batch}`)).toEqual(full);
});

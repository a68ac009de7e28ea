import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { writeSource } from '../experiment/source.js';

/** A run that is over as soon as it has started, on any data. */
export const TINY =
  '--examples 50 --width 8 --batch 10 --iterations 4 --picks 5 --fine-tune 2'.split(' ');

/** For the tests of a file: tiny data, and empty folders to run in. */
export function tinyRuns() {
  let root: string;
  let data: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'espalier-cli-'));
    data = await writeSource(join(root, 'data'), { rows: 3, columns: 5, train: 60, test: 10 });
  });
  afterAll(() => rm(root, { recursive: true }));
  return {
    data: () => data,
    emptyFolder: () => mkdtemp(join(root, 'cwd-')),
    tiny: (...more: string[]) => ['run', '--data', data, ...TINY, '--no-controls', ...more],
  };
}

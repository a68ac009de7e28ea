import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { espalier } from './espalier.js';
import { tinyRuns } from './tiny.js';

const { emptyFolder, data } = tinyRuns();

test('a comparison tells the command that makes it again, which does', async () => {
  const cwd = await emptyFolder();
  const flags = '--examples 50 --width 8 --batch 10 --iterations 4 --out first'.split(' ');
  // Least squares end at the eighth pick.
  const contest = '--methods greedy,corrective --sizes 3,12'.split(' ');
  const first = await espalier(['compare', '--data', data(), ...flags, ...contest], cwd);
  expect(first.code, first.stderr).toBe(0);
  const folder = join(cwd, 'first');
  const html = await readFile(join(folder, 'comparison.html'), 'utf8');
  const [, ...words] = /<pre>(.*)<\/pre>/.exec(html)?.[1]?.split(' ') ?? [];
  const again = await espalier(words, folder);
  expect(again.code, again.stderr).toBe(0);
  const figures = (path: string) => readFile(join(path, 'comparison.csv'), 'utf8');
  expect(await figures(join(folder, 'again'))).toBe(await figures(folder));
});

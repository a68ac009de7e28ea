import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { espalier } from './espalier.js';
import { tinyRuns } from './tiny.js';

const { emptyFolder, data, tiny } = tinyRuns();

test('a comparison tells the command that makes it again, which does', async () => {
  const cwd = await emptyFolder();
  const images = relative(cwd, data());
  const flags = '--examples 50 --width 8 --batch 10 --iterations 4 --out first'.split(' ');
  // Least squares end at the eighth pick.
  const contest = '--methods greedy,corrective --sizes 3,12'.split(' ');
  const first = await espalier(['compare', '--data', images, ...flags, ...contest], cwd);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stdout).toContain('corrective ended after 8 picks: nothing improves further.');
  expect(first.stdout.match(/least squares/g)).toHaveLength(2);
  const folder = join(cwd, 'first');
  const html = await readFile(join(folder, 'comparison.html'), 'utf8');
  const [, ...words] = /<pre>(.*)<\/pre>/.exec(html)?.[1]?.split(' ') ?? [];
  const again = await espalier(words, folder);
  expect(again.code, again.stderr).toBe(0);
  const figures = (path: string) => readFile(join(path, 'comparison.csv'), 'utf8');
  expect(await figures(join(folder, 'again'))).toBe(await figures(folder));
});

test('a run is compared by its own record, into a folder of its own', async () => {
  const cwd = await emptyFolder();
  expect(await espalier(tiny('--out', 'run'), cwd)).toMatchObject({ code: 0 });
  const args = ['--config', 'run/config.json', '--methods', 'greedy, random', '--sizes', '3,7'];
  const compared = await espalier(['compare', ...args], cwd);
  expect(compared.code, compared.stderr).toBe(0);
  expect(compared.stdout).toContain('Report: runs/compare-');
  expect(await readdir(join(cwd, 'run'))).toContain('weights-4.safetensors');
});

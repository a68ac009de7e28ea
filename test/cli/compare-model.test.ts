import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { espalier, start } from './espalier.js';
import { refused } from './refused.js';
import { writeTinyModel } from './tiny-model.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-compare-model-'));
  await writeTinyModel(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const FLAGS = [
  'compare',
  ...['--model', 'net.safetensors', '--data', 'data', '--calibration', '4', '--refits', 'none'],
];
const DEVICE = ['--host', 'node', '--adapter', 'software'];

test('a comparison of prunings goes on after a kill, with longer lists too', async () => {
  const own = [...FLAGS, ...DEVICE, '--budgets', 'uniform', '--out', 'compared'];
  const killed = start([...own, '--criteria', 'l1,random'], { cwd: folder });
  await killed.said(/l1, none, uniform, 0.5 of the multiply-adds: /);
  killed.child.kill('SIGKILL');
  await killed.ended;
  const longer = [...own, '--criteria', 'random,l1', '--flops', '0.5,0.8', '--json'];
  const { code, stderr, stdout } = await espalier(longer, folder);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/resnet8: 4 prunings to compare, [12] of them done before/);
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(summary).toMatchObject({ out: 'compared', architecture: 'resnet8', calibration: 4 });
  const cells: { criterion: string; share: number; multiplyAdds: number; accuracy: number }[] =
    summary.cells;
  expect(cells.map(({ criterion, share }) => `${criterion} ${share}`)).toEqual([
    'random 0.5',
    'l1 0.5',
    'random 0.8',
    'l1 0.8',
  ]);
  for (const { share, multiplyAdds, accuracy } of cells) {
    expect(multiplyAdds).toBeLessThanOrEqual(share * summary.dense.multiplyAdds);
    expect(Math.round(10 * accuracy) / 10).toBeCloseTo(accuracy, 6);
  }
  const read = (name: string) => readFile(join(folder, 'compared', name), 'utf8');
  expect((await read('comparison.csv')).trim().split('\n')).toHaveLength(5);
  const html = await read('comparison.html');
  expect(html).toContain(`<pre>espalier ${longer.join(' ')}</pre>`);
  expect(html).not.toContain('by the curves of group');
  expect(html.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4);
  expect(await readdir(join(folder, 'compared'))).toEqual(
    expect.arrayContaining(['comparison.json', 'uniform.png', 'uniform.svg']),
  );

  const other = await refused([...own, '--calibration', '5'], folder);
  expect(other.stderr).toMatch(/compared holds a comparison of another network, other pictures/);
  expect(other.code).toBe(2);
}, 240_000);

test.each([
  [['--criteria', 'magic'], /--criteria must be one of group, /],
  [['--flops', '0.5,1.5'], /--flops must be a share above 0, and 1 at most/],
  [['--width', '8'], /Unknown configuration key "width"/],
  [['--refits', 'none,none'], /--refits must be a list that names each once/],
] as const)('refuses %s before any work', async (flags, message) => {
  const { code, stderr } = await refused([...FLAGS, ...flags], folder);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
  expect(await readdir(folder)).not.toContain('runs');
});

test('asks for pictures', async () => {
  const { code, stderr } = await refused(['compare', '--model', 'net.safetensors'], folder);
  expect(stderr).toMatch(/compare --model needs --data/);
  expect(code).toBe(2);
});

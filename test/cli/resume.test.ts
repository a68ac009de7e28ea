import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sourceFiles, writeSource } from '../experiment/source.js';
import { espalier, start } from './espalier.js';
import { refused } from './refused.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'espalier-from-'));
  await writeSource(join(root, 'data'), { rows: 3, columns: 5, train: 60, test: 10 });
});
afterAll(() => rm(root, { recursive: true }));

const TINY =
  '--data data --examples 50 --width 8 --batch 10 --picks 5 --fine-tune 2 --prune-every 4';

const run = (flags: string) => espalier(['run', ...flags.split(' ')], root);

test('--from goes on with a run that was cut short, and with a finished one past its end', async () => {
  expect(await run(`${TINY} --iterations 13 --out whole`)).toMatchObject({ code: 0 });
  expect(await run(`${TINY} --iterations 8 --out short`)).toMatchObject({ code: 0 });
  // As the page saves it: the images in the run's own folder.
  await cp(join(root, 'data'), join(root, 'short/images'), { recursive: true });
  const config = join(root, 'short/config.json');
  const kept = JSON.parse(await readFile(config, 'utf8'));
  await writeFile(config, JSON.stringify({ ...kept, data: 'images' }));

  const events = join(root, 'short/events.jsonl');
  const records = await readFile(events, 'utf8');
  await writeFile(events, records.replaceAll(/"seconds":[\d.e-]+/g, '"seconds":1000'));

  const { code, stderr } = await run('--from short --iterations 13 --out on');
  expect(stderr).toMatch(/^Running on .*, from iteration 8\.$/m);
  expect(code).toBe(0);
  const written = (await readdir(join(root, 'on'))).filter((name) => /-\d+\.s/.test(name));
  expect(written.filter((name) => name.startsWith('w')).sort()).toEqual(
    [8, 12, 13].map((t) => `weights-${t}.safetensors`).sort(),
  );
  expect(written).toHaveLength(11);
  for (const name of written) {
    const [mine, whole] = await Promise.all(
      ['on', 'whole'].map((folder) => readFile(join(root, folder, name))),
    );
    expect(mine!.equals(whole!), name).toBe(true);
  }
  const summary = JSON.parse(await readFile(join(root, 'on/summary.json'), 'utf8'));
  expect(summary.dense.seconds).toBeGreaterThan(1000);
  expect(summary.seconds).toBeLessThan(1000);
  // Another --from of what went on: a finished run is pruned again, in another way.
  const again = await run('--from on --picks 3 --target-fraction 1 --out aimed --json');
  expect(JSON.parse(again.stdout)).toMatchObject({ iterations: 13, subnetwork: { picks: 3 } });
  // What only greedy selection has use for stays behind with it.
  const ranked = await run('--from aimed --method random --json');
  expect(JSON.parse(ranked.stdout)).toMatchObject({ subnetwork: { method: 'random', picks: 3 } });
});

test('Ctrl-C loses no step: --from goes on to the bits of a run that was not interrupted', async () => {
  const flags = TINY.replace('--prune-every 4', '--prune-every 0 --iterations 15000 --no-controls');
  const { child, said, ended } = start(['run', ...flags.split(' '), '--out', 'cut'], { cwd: root });
  await said(/^Iteration 0:/m);
  await sleep(500);
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect(code, stderr).toBe(130);
  const [, newest] = /^Interrupted\. .* iteration (\d+)\. Go on .* --from cut$/m.exec(stderr)!;
  expect(Number(newest)).toBeGreaterThan(0);
  const rest = await run('--from cut --out rest');
  expect(rest.stderr).toContain(`from iteration ${newest}.`);
  expect(await run(`${flags} --out straight`)).toMatchObject({ code: 0 });
  for (const name of ['weights-15000', 'subnetwork-15000', 'fine-tuned-15000']) {
    const [mine, whole] = await Promise.all(
      ['rest', 'straight'].map((folder) => readFile(join(root, folder, `${name}.safetensors`))),
    );
    expect(mine!.equals(whole!), name).toBe(true);
  }
});

test('--from refuses what it cannot go on with, and leaves no file', async () => {
  await cp(join(root, 'data'), join(root, 'other'), { recursive: true });
  const { trainImages } = sourceFiles(join(root, 'other'));
  const images = await readFile(trainImages);
  await writeFile(
    trainImages,
    new Uint8Array(images).map((byte, i) => (i < 16 ? byte : byte ^ 1)),
  );
  const before = await readdir(root);
  const cases: readonly (readonly [string, RegExp])[] = [
    ['--from nowhere', /^error: --from nowhere cannot be read .*ENOENT/],
    ['--from data', /^error: --from data holds no weights\. Name the folder of a run/],
    ['--from short --iterations 5', /^error: --iterations must be 8 or more, not 5: the weights/],
    ['--from short --width 9', /^error: --width 9 cannot go on from short, .* --width 8/],
    ['--from short --momentum 0.5', /^error: --momentum 0.5 cannot go on from short/],
    [
      '--from short --data other',
      /^error: short\/dataset.* images or labels than other holds .* trained on, short\/images\./,
    ],
    ['--from short --data mnist', /weights-8\.safetensors|dataset\.safetensors/],
  ];
  for (const [flags, message] of cases) {
    const { code, stderr } = await refused(['run', ...flags.split(' ')], root);
    expect(stderr, flags).toMatch(message);
    expect(code, flags).toBeGreaterThan(0);
  }
  expect(await run(`${TINY} --iterations 4 --momentum 0.5 --out heavy`)).toMatchObject({ code: 0 });
  expect((await refused(['run', '--from', 'heavy'], root)).stderr).toMatch(
    /^error: .*weights-4.*its momentum is 0\.5/,
  );
  await rename(join(root, 'heavy'), join(root, 'short/heavy'));
  expect(await readdir(root)).toEqual(before);
});

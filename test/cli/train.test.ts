import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { espalier, start } from './espalier.js';
import { refused } from './refused.js';

/** A narrow ResNet-8, which a software adapter trains in seconds. */
const SMALL = ['--width', '0.25', '--batch', '8', '--host', 'node', '--adapter', 'software'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-train-'));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/data_batch_1.bin'), records(24, 1));
  await writeFile(join(folder, 'data/test_batch.bin'), records(20, 2));
});
afterAll(() => rm(folder, { recursive: true }));

/** CIFAR-10's records of pictures, each of one brightness that tells its class. */
function records(count: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(count * 3073);
  for (let at = 0; at < count; at++) {
    const label = (at * 7 + seed) % 10;
    bytes[at * 3073] = label;
    bytes.fill(25 * label, at * 3073 + 1, (at + 1) * 3073);
  }
  return bytes;
}

const weightsInHex = async (out: string, epoch: number) =>
  (await readFile(join(folder, out, `weights-${epoch}.safetensors`))).toString('hex');

describe('espalier train', () => {
  test('leaves checkpoints, goes on from one to the same bits, and its figures are those of evaluate', async () => {
    const flags = ['--data', 'data', '--epochs', '3', '--checkpoints', '0,1', ...SMALL];
    const whole = await espalier(
      ['train', 'resnet8', ...flags, '--out', 'whole', '--json'],
      folder,
    );
    expect(whole.stderr).toContain('24 pictures to train on');
    expect(whole.code).toBe(0);
    const summary = JSON.parse(whole.stdout.trim().split('\n').at(-1) ?? '');
    expect(summary).toMatchObject({ architecture: 'resnet8', examples: 24, epochs: 3 });
    const names = (await readdir(join(folder, 'whole'))).filter((name) => /^weights/.test(name));
    expect(names.sort()).toEqual([0, 1, 3].map((epoch) => `weights-${epoch}.safetensors`));

    // What a kill behind the first epoch would have left.
    await cp(join(folder, 'whole'), join(folder, 'half'), { recursive: true });
    for (const kind of ['weights', 'momentum']) {
      await rm(join(folder, `half/${kind}-3.safetensors`));
    }
    const half = await espalier(['train', '--from', 'half', '--json'], folder);
    expect(half.code).toBe(0);
    expect(await weightsInHex('half', 3)).toBe(await weightsInHex('whole', 3));

    const args = ['evaluate', 'whole/weights-3.safetensors', '--data', 'data', '--json'];
    const preset = ['--mean', 'cifar10', '--host', 'node', '--adapter', 'software'];
    const evaluated = await espalier([...args, ...preset], folder);
    const { accuracy, loss } = JSON.parse(evaluated.stdout.trim().split('\n').at(-1) ?? '');
    expect(accuracy).toBe(summary.testAccuracy);
    expect(loss).toBeCloseTo(summary.testLoss, 12);
  });

  test('killed between two checkpoints, it goes on from the last whole epoch', async () => {
    const flags = ['--data', 'data', '--epochs', '60', '--out', 'killed', ...SMALL];
    const { child, ended } = start(['train', 'resnet8', ...flags], { cwd: folder });
    const kept = async () => (await readdir(join(folder, 'killed')).catch(() => [])).join(' ');
    // It compiles first, which takes half a minute on a busy machine.
    await expect.poll(kept, { timeout: 200_000 }).toMatch(/weights-[2-9]/);
    child.kill('SIGKILL');
    await ended;
    const names = (await readdir(join(folder, 'killed'))).filter((name) => /^weights/.test(name));
    // The newest, and while it took the place of the one before, both.
    expect(names.length).toBeLessThanOrEqual(2);
    const { stderr, code } = await refused(['train', '--from', 'killed', '--epochs', '3'], folder);
    expect(stderr).toMatch(/--epochs must be 60, as the training began/);
    expect(code).toBe(2);

    for (const name of await readdir(join(folder, 'killed'))) {
      if (!name.startsWith('momentum')) continue;
      const bytes = await readFile(join(folder, 'killed', name));
      await writeFile(join(folder, 'killed', name), bytes.with(-1, bytes.at(-1)! ^ 1));
    }
    const changed = await refused(['train', '--from', 'killed'], folder);
    expect(changed.stderr).toMatch(/killed.momentum-\d+\.safetensors was changed or damaged/);
    expect(changed.code).toBe(1);
  });

  test.each([
    [['resnet9', '--data', 'data'], /resnet9.*resnet8, resnet20|resnet8.*resnet9/s],
    [['resnet8', '--data', 'data', '--epochs', '0'], /--epochs.*from 1 on/],
    [['resnet8', '--data', 'data', '--momentum', '1'], /--momentum.*below 1/],
    [['resnet8', '--data', 'none'], /none/],
    [['--from', 'none'], /none.config\.json is no configuration of a training/],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await refused(['train', ...args], folder);
    expect(stderr).toMatch(message);
    expect(code).toBeGreaterThan(0);
  });
});

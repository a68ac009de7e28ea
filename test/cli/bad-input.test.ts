import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { idxBytes } from '../data/idx-files.js';
import { sourceFiles, writeSource } from '../experiment/source.js';
import { espalier } from './espalier.js';
import { refused } from './refused.js';
import { TINY, tinyRuns } from './tiny.js';

const { emptyFolder, tiny } = tinyRuns();

/** Reads a command line in an empty folder: it fails with one message, and leaves no file. */
async function expectRefusal(
  args: readonly string[],
  code: number,
  message: RegExp,
  read: typeof refused = refused,
) {
  const cwd = await emptyFolder();
  const outcome = await read(args, cwd);
  expect(outcome.stderr).toMatch(message);
  expect(outcome.code).toBe(code);
  expect(outcome.stderr.match(/^error: /gm)).toHaveLength(1);
  // Commander adds where to find help and what was perhaps meant; a stack has no place here.
  const lines = outcome.stderr.trimEnd().split('\n');
  expect(lines.slice(1).every((line) => /^\(.*\)$/.test(line))).toBe(true);
  expect(await readdir(cwd)).toEqual([]);
}

/** As a process of its own, which prints nothing. */
async function spawned(args: readonly string[], cwd: string) {
  const outcome = await espalier(args, cwd);
  expect(outcome.stdout).toBe('');
  return { ...outcome, code: outcome.code ?? Number.NaN };
}

describe.concurrent('a process that cannot go on says so on stderr alone:', () => {
  test.each<[string, number, RegExp]>([
    ['run --frobnicate 3', 2, /'--frobnicate'/],
    ['run --width 0', 2, /--width .*from 1 on, not 0/],
    ['run --data nowhere', 1, /nowhere is not a folder/],
  ])('espalier %s', (line, code, message) =>
    expectRefusal(line.split(' '), code, message, spawned),
  );
});

describe('bad usage ends with code 2, and names the flag and what it was:', () => {
  test.each<[string, RegExp]>([
    ['run --frobnicate 3', /'--frobnicate'/],
    ['run stray', /too many arguments/],
    ['frobnicate', /'frobnicate'/],
    ['run --width 0', /--width .*from 1 on, not 0/],
    ['run --width', /--width <n>' argument missing/],
    ['run --width many', /--width .*not "many"/],
    ['run --picks 0', /--picks .*from 1 on, not 0/],
    ['run --learning-rate -1', /--learning-rate .*above 0, not -1/],
    ['run --learning-rate nan', /--learning-rate .*not "nan"/],
    ['run --learning-rate NaN', /--learning-rate .*not "NaN"/],
    ['run --learning-rate 1e999', /--learning-rate .*not Infinity/],
    ['run --fine-tune-learning-rate 0', /--fine-tune-learning-rate .*above 0, not 0/],
    ['run --momentum 1', /--momentum .*below 1, not 1/],
    ['run --momentum -0.1', /--momentum .*from 0 .*not -0\.1/],
    ['run --batch half', /--batch .*"full" or a whole number.*not "half"/],
    ['run --batch 0', /--batch .*not 0/],
    ['run --examples 1.5', /--examples .*not 1\.5/],
    ['run --examples 70000', /--examples .*60000, not 70000/],
    ['run --iterations -1', /--iterations .*not -1/],
    ['run --seed 1e40', /--seed .*not 1e\+40/],
    [
      'run --picks 300 --width 256 --no-replacement',
      /--picks 300 must be no more than --width 256: without replacement/,
    ],
    [
      'run --picks 30 --width 20 --method magnitude',
      /--picks 30 must be no more than --width 20: .*only greedy/,
    ],
    ['run --candidates 300', /--candidates 300 must be no more than --width 256 \(the default\)/],
    [
      'run --candidates 50 --no-replacement',
      /--candidates 50 must be no fewer than --picks 100 .*without replacement/,
    ],
    ['run --selection-batch 2000', /--selection-batch 2000 must be no more than --examples 1000/],
    [
      'run --oracle gram --selection-batch 9',
      /--selection-batch 9 goes with --oracle direct only, not with gram/,
    ],
    ['run --oracle gram --block 4', /--block 4 goes with --oracle rows only, not with gram/],
    [
      'run --loss cross-entropy --task digits --block 4',
      /--block 4 goes with --loss squared only, not with cross-entropy/,
    ],
    [
      'run --oracle direct --rule corrective',
      /--oracle direct goes with --rule average only, not with corrective: .*rows/,
    ],
    [
      'run --loss cross-entropy',
      /--loss cross-entropy goes with --task digits only, not with below-five \(the default\)/,
    ],
    [
      'run --method magnitude --rule corrective',
      /--rule corrective goes with --method greedy only, not with magnitude/,
    ],
    [
      'run --method magnitude --target-loss 0.1',
      /--target-loss 0\.1 goes with --method greedy only, not with magnitude/,
    ],
    [
      'run --task digits --loss cross-entropy --rule corrective',
      /--rule corrective goes with --loss squared only/,
    ],
    ['run --width 8 --block 9', /--block 9 must be no more than --width 8: .*more Gram rows/],
    ['compare --methods greedy,greedy', /--methods .*once.*"greedy","greedy"/],
    ['compare --methods greedy,magic', /--methods .*some of greedy.*"magic"/],
    ['compare --sizes 5,3', /--sizes .*ascending.*not \[5,3\]/],
    [
      'compare --width 64 --sizes 5,100',
      /--sizes 100 must be no more than --width 64: .*only greedy/,
    ],
    ['run --task sums', /--task .*'sums'.*below-five, parity, digits/],
    ['run --activation sine', /--activation .*'sine'.*tanh, sigmoid, relu/],
    ['run --host moon', /--host .*'moon'.*auto, node, chrome/],
    ['run --config missing.json', /--config missing\.json .*no such file/],
    ['info --adapter both', /--adapter .*'both'.*auto, hardware, software/],
    ['worker --queue redis://h --tuning best', /--tuning .*'best'.*kept, fixed/],
  ])('espalier %s', (line, message) => expectRefusal(line.split(' '), 2, message));

  test.each<[string, RegExp, code?: number]>([
    ['{ "widht": 3 }', /"widht".*width/],
    ['{ "width": "3" }', /--width .*not "3"/],
    ['{ "learningRate": null }', /--learning-rate .*not null/],
    ['{ "learning-rate": [1] }', /--learning-rate .*not \[1\]/],
    ['{ "replacement": 0 }', /"replacement" must be true or false, not 0/],
    ['{ "json": true }', /"json"/],
    ['[3]', /--config .*one JSON object/],
    ['{ "width": 3', /--config .*JSON/],
    ['\ufeff{ "width": 0 }\r\n', /--width .*from 1 on, not 0/],
    [`{ "width": ${'['.repeat(99)}${']'.repeat(99)} }`, /--config .*more than 32 levels/],
    [`{ "width": "${'9'.repeat(5000)}" }`, /--width .*not "9{100}…"\.\s*$/],
    [`{ "width": [${'9,'.repeat(5000)}9] }`, /^.{0,300}\n$/],
    ['{ "a\\u001b[2Jb": 3 }', /Unknown configuration key "a\\u001b\[2Jb"/],
    ['{ "data": "\\u001b]0;owned\\u0007" }', /\\u\{1b\}\]0;owned\\u\{7\} is not a folder/, 1],
    ['{ "data": "a\\u0000b" }', /is not a folder/, 1],
    [`{ "data": "${'a'.repeat(300)}" }`, /is not a folder .*ENAMETOOLONG/, 1],
  ])('a configuration, case %#', async (text, message, code = 2) => {
    const file = join(await emptyFolder(), 'config.json');
    await writeFile(file, text);
    await expectRefusal(['run', '--config', file], code, message);
  });
});

describe('bad data end with code 1, and name the file:', () => {
  type Files = ReturnType<typeof sourceFiles>;
  const images = (rows: number, columns: number, count: number) =>
    idxBytes([0x803, count, rows, columns], new Uint8Array(count * rows * columns));

  test.each<[string, (files: Files) => Promise<void>, RegExp]>([
    ['a missing file', ({ testLabels }) => rm(testLabels), /t10k-labels-idx1-ubyte/],
    [
      'a truncated file',
      ({ trainImages }) => truncate(trainImages, 200),
      /train-images-idx3-ubyte breaks off.*expected 900 bytes.*found 184/,
    ],
    ['a cut header', ({ testImages }) => truncate(testImages, 6), /t10k-images.*offset 4.*6/],
    [
      'a wrong magic number',
      ({ trainImages }) => writeFile(trainImages, idxBytes([0x802, 60, 3, 5], new Uint8Array(900))),
      /train-images.*0x00000803.*0x00000802/,
    ],
    [
      'images and labels swapped',
      ({ trainLabels }) => writeFile(trainLabels, images(3, 5, 60)),
      /train set in .*spoilt has images but no labels: expected .*train-labels/,
    ],
    [
      'counts that differ',
      ({ trainLabels }) => writeFile(trainLabels, idxBytes([0x801, 59], new Uint8Array(59))),
      /train .*60 images.*59 labels/,
    ],
    [
      'sizes that differ',
      ({ testImages }) => writeFile(testImages, images(5, 3, 10)),
      /train .*3 × 5.*test .*5 × 3/,
    ],
    [
      'gzip that breaks off',
      async ({ trainImages }) => {
        const gzip = sourceFiles(join(trainImages, '..'), true);
        await writeSource(join(trainImages, '..'), {
          rows: 3,
          columns: 5,
          train: 60,
          test: 10,
          gzip: true,
        });
        await truncate(gzip.trainImages, 100);
        await rm(trainImages);
      },
      /train-images-idx3-ubyte\.gz .*100 bytes do not decompress/,
    ],
    [
      'a label above 9',
      ({ trainLabels }) =>
        writeFile(trainLabels, idxBytes([0x801, 60], new Uint8Array(60).fill(10, 1))),
      /label 10/,
    ],
    [
      'labels of one class',
      ({ trainLabels }) => writeFile(trainLabels, idxBytes([0x801, 60], new Uint8Array(60))),
      /labels of the train images in .* are all 0/,
    ],
    [
      'labels of one class of the task',
      ({ trainLabels }) =>
        writeFile(
          trainLabels,
          idxBytes(
            [0x801, 60],
            new Uint8Array(60).map((_, i) => i % 5),
          ),
        ),
      /one class of the task below-five: their labels are 0, 1, 2, 3, 4/,
    ],
  ])('%s', async (_, spoil, message) => {
    const shape = { rows: 3, columns: 5, train: 60, test: 10 };
    const folder = await writeSource(join(await emptyFolder(), 'spoilt'), shape);
    await spoil(sourceFiles(folder));
    await expectRefusal(['run', '--data', folder, ...TINY, '--out', 'out'], 1, message);
  });

  test('a missing folder', () =>
    expectRefusal(['run', '--data', 'nowhere', ...TINY], 1, /nowhere is not a folder/));
});

describe.concurrent('a size over the limits of the adapter ends with code 1 and says what fits:', () => {
  test.each(['--width', '--picks'])('%s', async (flag) => {
    const args = tiny(flag, '1000000000', '--out', 'out');
    const message = new RegExp(`${flag} 1000000000 .* up to ${flag} [1-9]\\d+\\.`);
    await expectRefusal(args, 1, message, spawned);
  });
});

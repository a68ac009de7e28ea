import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const examples = [...readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)];

/** Runs the example that calls a function, where its files are, and gives what it declares by these names. */
async function runExample(calls: string, exported: string): Promise<Record<string, unknown>> {
  const [, text = ''] = examples.find(([, code]) => code?.includes(`${calls}(`)) ?? [];
  const file = join(folder, `${calls}.ts`);
  const code = text
    .replaceAll("'espalier'", JSON.stringify(join(ROOT, 'src/index.ts')))
    .replaceAll("'espalier/node'", JSON.stringify(join(ROOT, 'src/node.ts')));
  await writeFile(file, `${code}\nexport { ${exported} };\n`);
  return import(/* @vite-ignore */ file);
}

const PICTURES = { train: 6, test: 4 };
let folder: string;
const before = process.cwd();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-readme-'));
  const batches = join(folder, 'cifar-10-batches-bin');
  await mkdir(batches);
  for (const [name, count] of [
    ['data_batch_1.bin', PICTURES.train],
    ['test_batch.bin', PICTURES.test],
  ] as const) {
    // A picture of one grey, and its label before it.
    const bytes = Array.from({ length: count }, (_, label) => [
      label,
      ...Array(3072).fill(9 * label),
    ]);
    await writeFile(join(batches, name), Uint8Array.from(bytes.flat()));
  }
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(before);
  await rm(folder, { recursive: true });
});

test("README's training of a convolutional network leaves one that can be loaded", async () => {
  const { accuracy, model } = await runExample('trainModel', 'accuracy, model');
  expect([0, 1, 2, 3, 4]).toContain((accuracy as number) * PICTURES.test);
  expect(model).toMatchObject({ architecture: 'resnet8' });
});

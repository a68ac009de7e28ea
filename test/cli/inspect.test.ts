import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sketchedFile, weights } from '../formats/onnx/graphs.js';
import { espalier } from './espalier.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'espalier-inspect-'));
  const bytes = sketchedFile({
    nodes: [
      ['Conv', 'x w', 'a', { strides: [2, 2] }],
      ['Relu', 'a', 'r'],
      ['Conv', 'r w2', 'c'],
      ['LeakyRelu', 'c', 'l'],
      ['GlobalAveragePool', 'l', 'g'],
      ['Flatten', 'g', 'f'],
      ['Gemm', 'f v', 'logits', { transB: 1 }],
    ],
    tensors: { w: weights(6, 3, 2, 2), w2: weights(5, 6, 3, 3), v: weights(2, 5) },
  });
  await writeFile(join(folder, 'net.onnx'), bytes);
});
afterAll(() => rm(folder, { recursive: true }));

test('espalier inspect tells nodes, costs, units, and what can neither be cut nor run', async () => {
  const { code, stdout } = await espalier(['inspect', 'net.onnx', '--json'], folder);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    architecture: 'net',
    input: { channels: 3, height: 8, width: 8 },
    multiplyAdds: 72 * 16 + 270 * 4 + 10,
    parameters: 72 + 270 + 10,
    units: [
      { name: 'Conv 0', kind: 'inner', channels: 6, writers: ['Conv 0'], consumers: ['Conv 2'] },
    ],
    uncuttable: [
      { node: 'Conv 2', channels: 5, reason: 'opaque' },
      { node: 'Gemm 6', channels: 2, reason: 'answers' },
    ],
    cannotRun: [{ node: 'LeakyRelu 3', operation: 'LeakyRelu' }],
  });
  const text = (await espalier(['inspect', 'net.onnx'], folder)).stdout;
  expect(text).toContain('net: takes 3 × 8 × 8, 2,242 multiply-adds, 352 parameters.');
  expect(text).toMatch(/│ Conv 2 +│ convolution, 3 × 3 +│ 5 × 2 × 2 +│ +270 │ +1,080 │/);
  expect(text).toMatch(/│ Conv 0 +│ inner +│ +6 │ 1 filter +│/);
  expect(text).toContain(
    'Not cut: Conv 2: 5 channels tied to an operation that is not known here.',
  );
  expect(text).toContain('Not run here: LeakyRelu 3 (LeakyRelu).');
});

test('a network that cannot be run is refused by evaluate, naming the nodes', async () => {
  await writeFile(join(folder, 'pictures.npy'), npy());
  const flags = ['--data', 'pictures.npy', '--host', 'node', '--adapter', 'software'];
  const { code, stderr } = await espalier(['evaluate', 'net.onnx', ...flags], folder);
  expect(stderr).toContain(
    'The network cannot be run here because of 1 node: "LeakyRelu 3" ("LeakyRelu").',
  );
  expect(code).toBe(1);
});

/** One picture of 8 × 8 black pixels, as NumPy keeps it. */
function npy(): Uint8Array {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 8, 8, 3), }";
  const bytes = new Uint8Array(128 + 192);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, 118, 0]);
  bytes.set(new TextEncoder().encode(`${header.padEnd(117)}\n`), 10);
  return bytes;
}

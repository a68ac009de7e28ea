import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noticesText } from '../../src/build/notices.js';

const ROOT = join(import.meta.dirname, '../..');

/** Packages that a bundle holds for certain, direct dependencies and what those need. */
test.each([
  ['dist', ['pure-rand', 'wgsl-preprocessor', 'zod']],
  [
    'dist/demo',
    ['preact', '@preact/signals-core', 'uplot', '@observablehq/plot', 'd3-array', 'pako', 'fflate'],
  ],
])('the notices of the packages bundled into %s lie there', (folder, names) => {
  const notices = readFileSync(join(ROOT, folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of names) {
    const licence = readFileSync(join(ROOT, 'node_modules', name, 'LICENSE'), 'utf8');
    expect(notices).toContain(`\n${name} `);
    expect(notices).toContain(licence.trim());
  }
  expect(notices).not.toContain('espalier');
  expect(readdirSync(join(ROOT, folder))).not.toContain('bundled-packages.json');
});

test('packages in the worker of the page, two of which bring no file of terms, are named with theirs', () => {
  const notices = readFileSync(join(ROOT, 'dist/demo/THIRD-PARTY-NOTICES.txt'), 'utf8');
  expect(notices).toMatch(/\n@bufbuild\/protobuf .*Buf Technologies.*Google Inc.*Apache License/s);
  expect(notices).toMatch(/\nonnx-buf .*Eric Zhang.*WITHOUT WARRANTY.*ONNX Project/s);
});

test("MNIST's and CIFAR-10's terms lie beside their images", () => {
  const terms = readFileSync(join(ROOT, 'dist/demo/data/TERMS.txt'), 'utf8');
  const others = readFileSync(join(ROOT, 'dist/demo/data/prune/TERMS.txt'), 'utf8');
  expect(others).toMatch(/Alex Krizhevsky, Vinod Nair and Geoffrey Hinton/);
  expect(terms).toMatch(/Yann LeCun and Corinna Cortes/);
  expect(terms).toContain('https://creativecommons.org/licenses/by-sa/3.0/');
});

test('a package without a licence text is refused by name', () => {
  const known = { name: 'known', version: '1.0.0', identifier: 'MIT', text: 'as is' };
  expect(noticesText([known])).toContain('known 1.0.0 (MIT)\n-----------------\n\nas is\n');
  const bare = { name: 'bare', version: '2.1.0' };
  expect(() => noticesText([known, bare])).toThrow(/^bare 2\.1\.0 \(no licence named\) is bundled/);
  expect(() => noticesText([{ ...known, text: '' }])).toThrow(/known 1\.0\.0 \(MIT\)/);
});

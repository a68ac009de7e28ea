import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = join(import.meta.dirname, '../../node_modules');

const read = (file: string) => readFileSync(join(MODULES, file), 'utf8').trim();

/** The Apache License 2.0, of which one copy serves all; TypeScript brings it along. */
const apache = () => read('typescript/LICENSE.txt');

/** What of a script lies above its first line of code, without the marks of a comment. */
function header(file: string): string {
  const lines = read(file).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}

/** The terms of packages that come without a file of them, put together from what they do say. */
export const TERMS_ELSEWHERE: Readonly<Record<string, () => string>> = {
  '@bufbuild/protobuf': () =>
    [
      header('@bufbuild/protobuf/dist/esm/reflect/reflect.js'),
      'Parts of it are under these terms:',
      header('@bufbuild/protobuf/dist/esm/wire/varint.js'),
      'The Apache License:',
      apache(),
    ].join('\n\n'),
  'onnx-buf': () =>
    [
      // It is of the same repository.
      read('@jax-js/jax/LICENSE'),
      'The definitions of ONNX that it is compiled from are copyright of the ONNX Project Contributors, under the Apache License, Version 2.0, whose text stands with @bufbuild/protobuf.',
    ].join('\n\n'),
};

import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { DISPOSE } from '../src/disposal.js';

test('what `using` ends has the symbol of the platform, or the one that compilers fall back on', () => {
  expect(DISPOSE).toBe(Symbol.dispose);
  const source = readFileSync(new URL('../src/disposal.ts', import.meta.url), 'utf8');
  const module = ts.ModuleKind.CommonJS;
  const code = ts.transpile(source, { module, target: ts.ScriptTarget.ES2022 });
  const without = `const { Symbol } = outside; ${code}; exports.DISPOSE`;
  const outside = { Symbol: { for: Symbol.for } };
  expect(runInNewContext(without, { exports: {}, outside })).toBe(Symbol.for('Symbol.dispose'));
});

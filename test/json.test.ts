import { expect, test } from 'vitest';
import { parseJson } from '../src/json.js';

test.each<[string, Uint8Array | string]>([
  ['text', '{"a":[1,"é"]}'],
  ['text with a mark', '\ufeff{"a":[1,"é"]}'],
  ['UTF-8', Buffer.from('{"a":[1,"é"]}')],
  ['UTF-8 with a mark, as Windows writes it', Buffer.from('\ufeff{"a":[1,"é"]}\r\n')],
  ['UTF-16, as PowerShell writes it', Buffer.from('\ufeff{"a":[1,"é"]}', 'utf16le')],
])('%s', (_, given) => {
  expect(parseJson(given)).toEqual({ a: [1, 'é'] });
});

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test('what is too long or too deep is refused before anything reads it', () => {
  expect(parseJson(nested(32))).toBeInstanceOf(Array);
  expect(() => parseJson(nested(33))).toThrow(/more than 32 levels/);
  expect(() => parseJson(`{"a":${nested(400_000)}}`)).toThrow(/more than 32 levels/);
  // Brackets in a text are none.
  expect(parseJson(JSON.stringify('[{"\\'.repeat(50)))).toHaveLength(200);
  expect(parseJson('"abc"', 5)).toBe('abc');
  expect(() => parseJson('"abcd"', 5)).toThrow(/length is 6, above the 5/);
  expect(() => parseJson(Buffer.alloc(100_000_000, ' '))).toThrow(/above the 1000000/);
  expect(() => parseJson('{"a"')).toThrow(SyntaxError);
  expect(() => parseJson('')).toThrow(SyntaxError);
});

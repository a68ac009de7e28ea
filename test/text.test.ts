import { expect, test } from 'vitest';
import { decodedText, escaped, grouped, plural, quoted, shellWord, shown } from '../src/text.js';

test('numbers are grouped, and nouns follow them', () => {
  expect(grouped(1234567)).toBe('1,234,567');
  expect([0, 1, 2, 1000].map((count) => plural(count, 'pick'))).toEqual([
    '0 picks',
    '1 pick',
    '2 picks',
    '1,000 picks',
  ]);
  expect([1, 2].map((count) => plural(count, 'pass', 'passes'))).toEqual(['1 pass', '2 passes']);
});

test.each([
  ['runs/a-b_c,1.5:x@y=z', 'runs/a-b_c,1.5:x@y=z'],
  ['my runs', "'my runs'"],
  ["it's", "'it'\\''s'"],
  ['$HOME', "'$HOME'"],
  ['', "''"],
])('%j is %j for a shell', (word, shown) => {
  expect(shellWord(word)).toBe(shown);
});

test('text of others is shown on one line, cut, and without what terminals and pages obey', () => {
  expect(quoted('a "b"\n')).toBe('"a \\"b\\"\\n"');
  expect(quoted('\u001b[2J\u009b1m\u202e\u2028\u200b\ud800x')).toBe(
    '"\\u001b[2J\\u{9b}1m\\u{202e}\\u{2028}\\u{200b}\\ud800x"',
  );
  expect(quoted('é'.repeat(101))).toBe(`"${'é'.repeat(100)}…"`);
  expect(quoted('x'.repeat(100))).toBe(`"${'x'.repeat(100)}"`);
  expect(escaped('2 × 3 “ok” \t\u007f\ud83d\ude00\ud83d')).toBe(
    '2 × 3 “ok” \\u{9}\\u{7f}\ud83d\ude00\\u{d83d}',
  );
});

test('a message of any length is shown on its own lines, escaped and cut', () => {
  expect(shown('one\ntwo \u001b[31m')).toBe('one\ntwo \\u{1b}[31m');
  expect(shown('x'.repeat(20_000))).toBe(`${'x'.repeat(10_000)}…`);
});

test('a byte order mark tells how text is written, and is no part of it', () => {
  expect(decodedText('\ufeffé')).toBe('é');
  expect(decodedText(Buffer.from('\ufeffé'))).toBe('é');
  expect(decodedText(Buffer.from('\ufeffé', 'utf16le'))).toBe('é');
  expect(decodedText(Buffer.from('\ufeffé', 'utf16le').swap16())).toBe('é');
});

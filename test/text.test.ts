import { expect, test } from 'vitest';
import { grouped, plural, shellWord } from '../src/text.js';

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
])('%j is %j for a shell', (word, quoted) => {
  expect(shellWord(word)).toBe(quoted);
});

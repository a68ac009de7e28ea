import { expect, test } from 'vitest';
import { parseCsv } from '../../src/data/csv.js';

/** Twelve images of 2 × 2 pixels; the first is dark everywhere, the last bright, in no digit's range. */
const IMAGES = Array.from({ length: 12 }, (_, i) => ({
  label: i % 10,
  pixels: [10, 100 + i, 200 - i, 255],
}));
const PIXELS = IMAGES.flatMap(({ pixels }) => pixels);
const LABELS = IMAGES.map(({ label }) => label);

const first = IMAGES.map(({ label, pixels }) => [label, ...pixels].join(','));
const last = IMAGES.map(({ label, pixels }) => [...pixels, label].join(','));
const numbered = IMAGES.map(({ label, pixels }, i) => [i + 1000, ...pixels, label].join(','));
const within = IMAGES.map(({ label, pixels: [a, b, c, d] }) => [a, b, label, c, d].join(','));
const kaggle = ['label,1x1,1x2,2x1,2x2', ...first];
const savetxt = IMAGES.map(({ label, pixels }) =>
  [label, ...pixels].map((value) => value.toExponential(18).replace(/e\+(\d)$/, 'e+0$1')).join(' '),
);
const wide = Array.from({ length: 16 }, (_, i) => i);

const utf8 = (text: string) => new TextEncoder().encode(text);
const parsed = (text: string | Uint8Array) =>
  parseCsv(typeof text === 'string' ? utf8(text) : text, 'the-file').images;

test.each<[string, string | Uint8Array]>([
  ['a heading, the label first', kaggle.join('\n')],
  ['no heading, the label first', first.join('\n')],
  ['no heading, the label last', last.join('\n')],
  ['the label last, as OpenML has it', ['a,b,c,d,class', ...last].join('\n')],
  ['the label in the middle', ['a,b,TARGET,c,d', ...within].join('\n')],
  ['row numbers, as pandas writes them', [',a,b,c,d,y', ...numbered].join('\n')],
  ['row numbers with a name', ['id,a,b,c,d,digit', ...numbered].join('\n')],
  ['a heading of numbers', ['0,1,2,3,label', ...last].join('\n')],
  ['a heading that names the pixels as a whole', ['label,pixels', ...first].join('\n')],
  ['and the labels behind them', ['pixels,label', ...last].join('\n')],
  ['lines that end as in Windows', `${kaggle.join('\r\n')}\r\n`],
  ['lines that end as on old Macs', `${kaggle.join('\r')}\r`],
  ['empty lines', kaggle.join('\n\n')],
  ['a byte order mark', `\ufeff${first.join('\n')}`],
  ['UTF-16', new Uint8Array(Buffer.from(`\ufeff${kaggle.join('\r\n')}`, 'utf16le'))],
  ['semicolons', kaggle.join('\n').replaceAll(',', ';')],
  ['tabs', first.join('\n').replaceAll(',', '\t')],
  ['spaces', first.join('\n').replaceAll(',', '  ')],
  ['spaces behind commas', first.join('\n').replaceAll(',', ', ')],
  ['quotes', kaggle.map((line) => line.replaceAll(/[^,]+/g, '"$&"')).join('\n')],
  ['single quotes', first.map((line) => line.replaceAll(/[^,]+/g, "'$&'")).join('\n')],
  ['a comma at the end of each line', kaggle.map((line) => `${line},`).join('\n')],
  ['a point behind each number', first.map((line) => line.replaceAll(/\d+/g, '$&.0')).join('\n')],
  ['what savetxt of NumPy writes', savetxt.join('\n')],
])('%s', (_, text) => {
  const images = parsed(text);
  expect(images).toMatchObject({ count: 12, rows: 2, columns: 2 });
  expect([...images.labels]).toEqual(LABELS);
  expect([...images.pixels]).toEqual(PIXELS);
});

test('a heading that counts the columns from 0 is none of the images', () => {
  const rows = IMAGES.map(({ label }) => [label, ...wide.map((i) => 16 * i + label)].join(','));
  const images = parsed([Array.from({ length: 17 }, (_, i) => i).join(','), ...rows].join('\n'));
  expect([images.count, images.rows, images.labels[3]]).toEqual([12, 4, 3]);
});

test('a second file follows the first where its own columns do not tell', () => {
  const { place } = parseCsv(utf8(last.join('\n')), 'train');
  expect(place).toBe('last');
  const { images } = parseCsv(utf8('1,2,3,4,7'), 'test', place);
  expect([[...images.pixels], [...images.labels]]).toEqual([[1, 2, 3, 4], [7]]);
});

test.each([
  ['both ends may be labels', '1,10,20,30,2\n2,10,20,30,1', /first and its last column could both/],
  ['neither end is', '3,10,20,30,40\n3,10,20,30,50', /neither its first nor its last.*"label"/],
  ['two columns named so', 'label,a,b,c,class\n1,2,3,4,5', /several columns.*"label" and "class"/],
  ['a label above 9', 'label,a,b,c,d\n1,2,3,4,5\n12,2,3,4,5', /line 3: the label is 12/],
  ['a value above 255', 'label,a,b,c,d\n1,2,3,256,5', /line 2: value 4 is "256"/],
  ['one on the first line', '1,2,3,999,5\n2,2,3,4,5', /line 1: value 4 is "999"/],
  ['a word on the first line', '1,2,x,9,5\n2,2,3,4,5', /line 1: value 3 is "x"/],
  ['a missing value', '1,2,,9,5\n2,2,3,4,5', /line 1: value 3 is ""/],
  ['binary', '1,0b11,2,3,4\n2,2,3,4,5', /line 1: value 2 is "0b11"/],
  ['hexadecimal', '1,0x10,2,3,4\n2,2,3,4,5', /line 1: value 2 is "0x10"/],
  ['powers of ten', '1,1e2,2,3,4\n2,2,3,4,5', /line 1: value 2 is "1e2"/],
  ['a sign', '1,+2,2,3,4\n2,2,3,4,5', /line 1: value 2 is "\+2"/],
  ['parts of one', '1,0.5,2,3,4\n2,2,3,4,5', /line 1: value 2 is "0.5"/],
  ['a negative number', '1,-2,2,3,4\n2,2,3,4,5', /line 1: value 2 is "-2"/],
  ['no labels', 'a,b,c,d\n10,20,30,40', /4 values a line.*labels are missing/],
  ['no square', '1,2,3,4\n2,2,3,4', /4 values a line.*785 for 28 × 28/],
  ['lines of two lengths', '1,20,30,40,50\n2,20,30,40', /line 2: there are 4 values, expected 5/],
  ['nothing', '', /no lines of numbers/],
  ['a heading alone', 'label,a,b,c,d', /no lines of numbers/],
  ['a terminal’s escapes', `1,2,\u001b[31m${'x'.repeat(500)},4,5\n`, /"\\u001b\[31mx{95}…"/],
])('%s: refused', (_, text, message) => {
  expect(() => parsed(text)).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) }),
  );
  expect(() => parsed(text)).toThrow(/^the-file/);
});

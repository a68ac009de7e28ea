import { expect, test } from 'vitest';
import { holdOut } from '../../src/data/hold-out.js';
import type { LabelledImages } from '../../src/data/images.js';

/** Images of one pixel, their place in the list. */
function labelled(labels: readonly number[]): LabelledImages {
  const pixels = Uint8Array.from(labels.keys());
  return { count: labels.length, rows: 1, columns: 1, pixels, labels: Uint8Array.from(labels) };
}

const counts = ({ labels }: LabelledImages) =>
  Array.from({ length: 10 }, (_, digit) => labels.filter((label) => label === digit).length);

const order = (label: (index: number) => number) => Array.from({ length: 200 }, (_, i) => label(i));

test.each<[string, readonly number[]]>([
  ['0 to 9 over and over', order((i) => i % 10)],
  ['sorted', order((i) => Math.floor(i / 20))],
  ['each digit five times in a row', order((i) => Math.floor(i / 5) % 10)],
  ['downwards', order((i) => 9 - (i % 10))],
  ['two of three digits at every fifth place', order((i) => (i % 5 === 4 ? i % 2 : (i * 7) % 10))],
])('a fifth of each class, of images that are %s', (_, labels) => {
  const all = labelled(labels);
  const { train, test: held } = holdOut(all);
  expect([train.count, held.count]).toEqual([160, 40]);
  counts(all).forEach((count, digit) => {
    const share = counts(held)[digit]!;
    expect(Math.abs(share - count / 5)).toBeLessThan(1);
  });
  // Each image is in one of the two, with its own label.
  const places = [...train.pixels, ...held.pixels];
  expect(places.toSorted((a, b) => a - b)).toEqual([...all.pixels]);
  expect([...train.labels, ...held.labels]).toEqual(places.map((place) => labels[place]));
  // A draw, and the same one again.
  expect(new Set([...held.pixels].map((place) => place % 5)).size).toBe(5);
  expect(holdOut(all)).toEqual({ train, test: held });
});

test('four images are too few', () => {
  expect(holdOut(labelled([1, 3, 5, 7, 9]))).toMatchObject({
    train: { count: 4 },
    test: { count: 1 },
  });
  expect(() => holdOut(labelled([1, 3, 5, 7]))).toThrow(
    expect.objectContaining({ code: 'bad-data', message: expect.stringContaining('4 images') }),
  );
});

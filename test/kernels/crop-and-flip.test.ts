import { expect, test } from 'vitest';
import { cropAndFlip } from '../../src/reference/gather-images.js';

const IMAGES = 50_000;

const draws = (key: number) => Array.from({ length: IMAGES }, (_, i) => cropAndFlip(key, i));

/** Whether a count is what so many trials of this chance give, within five deviations. */
function likely(count: number, chance: number): boolean {
  return Math.abs(count - IMAGES * chance) < 5 * Math.sqrt(IMAGES * chance * (1 - chance));
}

test('crops and mirrorings are uniform, and independent of each other', () => {
  const drawn = draws(0x12345678);
  const counts = new Map<string, number>();
  for (const { down, across, mirrored } of drawn) {
    const outcome = `${down} ${across} ${mirrored}`;
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }
  expect(counts.size).toBe(9 * 9 * 2);
  for (const [outcome, count] of counts) {
    expect(likely(count, 1 / 162), `${outcome}: ${count}`).toBe(true);
  }
});

test('another key gives other draws, the same key the same', () => {
  const [one, other, again] = [draws(1), draws(2), draws(1)];
  const same = one.filter((draw, i) => {
    const { down, across, mirrored } = other[i] ?? draw;
    return draw.down === down && draw.across === across && draw.mirrored === mirrored;
  });
  expect(likely(same.length, 1 / 162), `${same.length} equal`).toBe(true);
  expect(again).toEqual(one);
});

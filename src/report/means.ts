import { mean } from 'simple-statistics';
import type { Analysis, Finding } from '../study/analysis.js';

export function analysedSizes({ courses }: Analysis): readonly number[] {
  return [...new Set(courses.map(([{ examples }]) => examples))];
}

/** Mean threshold of each size; sizes with a trial that never met the criterion have none. */
export function meanThresholds({
  thresholds,
}: Finding): readonly (readonly [examples: number, iterations: number])[] {
  const sizes = [...new Set(thresholds.map(({ examples }) => examples))];
  return sizes.flatMap((size) => {
    const own = thresholds.filter(({ examples }) => examples === size);
    const known = own.flatMap(({ iteration }) => iteration ?? []);
    return known.length === own.length ? [[size, mean(known)] as const] : [];
  });
}

import { type Shape, shapeLabel } from './benchmark.js';
import type { BenchResult, MeasuredResult } from './report.js';
import { threeDigits } from './words.js';

/**
 * How many times as long it takes as this library's own choice, which is the first of its lines for
 * the same work and shape; undefined where that was not measured.
 */
export function ratioToOwn(
  results: readonly BenchResult[],
  { work, shape, medianMs }: MeasuredResult,
): number | undefined {
  const own = results.find(
    (result) => result.subject === 'espalier' && result.work === work && same(result.shape, shape),
  );
  return own?.verified ? medianMs / own.medianMs : undefined;
}

/** The ratio as a table shows it. */
export function ratioCell(results: readonly BenchResult[], result: MeasuredResult): string {
  const ratio = ratioToOwn(results, result);
  return ratio === undefined ? '–' : `${threeDigits(ratio)}×`;
}

function same(a: Shape, b: Shape): boolean {
  return shapeLabel(a) === shapeLabel(b);
}

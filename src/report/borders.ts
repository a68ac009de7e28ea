/**
 * The n + 1 borders of tiles around n ascending centres. A border lies halfway between two centres.
 * The first and the last centre lie in the middle of their tiles.
 */
export function tileBorders(centres: readonly number[]): readonly number[] {
  const between = centres.slice(1).map((centre, i) => (centre + (centres[i] ?? centre)) / 2);
  const [first = 0] = centres;
  const last = centres.at(-1) ?? 0;
  const [inner = first + 0.5] = between;
  return [2 * first - inner, ...between, 2 * last - (between.at(-1) ?? last - 0.5)];
}

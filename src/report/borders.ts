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

/** A tile of a heat map. */
export interface Tile {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
  readonly value: number;
}

/** A column of a heat map: a size of dataset, and from below its values at their heights. */
export interface Column {
  readonly size: number;
  readonly rows: readonly { readonly height: number; readonly value: number }[];
}

/**
 * A tile for each size and checkpoint. Borders are halfway between neighbours, in ln m and in
 * height, and never below 0.
 */
export function gridTiles(columns: readonly Column[]): readonly Tile[] {
  const xEdges = tileBorders(columns.map(({ size }) => Math.log(size))).map(Math.exp);
  return columns.flatMap(({ rows }, column) => {
    const yEdges = tileBorders(rows.map(({ height }) => height));
    return rows.map(({ value }, row) => ({
      x1: xEdges[column] as number,
      x2: xEdges[column + 1] as number,
      y1: Math.max(yEdges[row] as number, 0),
      y2: yEdges[row + 1] as number,
      value,
    }));
  });
}

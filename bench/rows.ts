/** A line of the table: its cells, then a note where there are no figures. */
export interface BenchRow {
  readonly cells: readonly string[];
  readonly note?: string;
}

/** The table of a report, as text. */
export interface BenchRows {
  readonly head: readonly string[];
  /** The results in their order, then what was left out. */
  readonly rows: readonly BenchRow[];
}

/** Lines by their work and shape, which are their first two cells, in order of appearance. */
export function byWork(rows: readonly BenchRow[]): ReadonlyMap<string, readonly BenchRow[]> {
  const groups = new Map<string, BenchRow[]>();
  for (const row of rows) {
    const [work, shape] = row.cells;
    const name = `${work}  ${shape}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return groups;
}

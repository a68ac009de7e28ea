import type { z } from 'zod';
import type { EspalierError } from '../errors.js';
import { isRecord } from '../experiment/run-config.js';
import { parseRecordLine } from '../json.js';

/** What the cells of a kind of study are made of, and how they are told apart. */
export interface CellKind<Cell extends object> {
  /** Refuses figures that are impossible. */
  readonly schema: z.ZodType<Cell>;
  /** All keys of a cell, in the order of the columns of `cells.csv`. */
  readonly columns: readonly (keyof Cell & string)[];
  /** The keys that identify a cell within its study. Cells are sorted by them, the first first. */
  readonly identity: readonly (keyof Cell & string)[];
}

/** The identity of a cell as a string. A study keeps one cell for each. */
export function keyOfCell<Cell extends object>(
  { identity }: CellKind<Cell>,
  cell: Partial<Cell>,
): string {
  return identity.map((column) => String(cell[column])).join('/');
}

/** Where a line of `cells.jsonl` stands. */
export interface CellLine<Cell> {
  readonly file: string;
  readonly number: number;
  /** What a cell has where its line leaves it out. */
  readonly usual?: Partial<Cell>;
}

/**
 * Reads one line of `cells.jsonl`.
 *
 * @throws bad-data naming file and line when the line is not a valid cell.
 */
export function parseCellLine<Cell extends object>(
  kind: CellKind<Cell>,
  line: string,
  { file, number, usual }: CellLine<Cell>,
): Cell {
  const { value, fail } = parseRecordLine(line, { file, number, lost: 'its cell' });
  return requireCellOf(kind, isRecord(value) ? { ...usual, ...value } : value, fail);
}

/**
 * A cell from anywhere, as long as its figures are possible.
 *
 * @throws what `fail` makes of what is wrong.
 */
export function requireCellOf<Cell extends object>(
  { schema }: CellKind<Cell>,
  value: unknown,
  fail: (why: string) => EspalierError,
): Cell {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fail(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}

/** All cells as a CSV table with a header line, sorted by their identity. */
export function csvOfCells<Cell extends object>(
  kind: CellKind<Cell>,
  cells: readonly Cell[],
): string {
  const columns = kind.columns.filter((column) => cells.some((cell) => cell[column] !== undefined));
  const rows = sortedCells(kind, cells).map((cell) =>
    columns.map((column) => quoted(cell[column])),
  );
  return [columns, ...rows].map((row) => `${row.join(',')}\n`).join('');
}

/** The cells sorted by their identity. */
export function sortedCells<Cell extends object>(
  { identity }: CellKind<Cell>,
  cells: readonly Cell[],
): readonly Cell[] {
  return cells.toSorted((a, b) => {
    const column = identity.find((name) => a[name] !== b[name]);
    return column ? compare(a[column], b[column]) : 0;
  });
}

/** Numbers come before texts, so that the batch 'full' comes after all others. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return String(a) < String(b) ? -1 : 1;
  return typeof a === 'number' ? -1 : 1;
}

function quoted(value: unknown): string {
  const text = String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

import { z } from 'zod';
import { EspalierError } from '../errors.js';
import { parseJson } from '../json.js';
import type { Pruning, Trial } from './grid.js';

const whole = z.int().nonnegative();
const figure = z.number();

export const cellSchema = z.object({
  examples: whole,
  trial: whole,
  iteration: whole,
  width: whole,
  picks: whole,
  method: z.string(),
  rule: z.string(),
  learningRate: z.number(),
  batch: z.union([whole, z.literal('full')]),
  /**
   * d, the constant input included: the theory's curve needs it. Recorded here, it is known without
   * the data. Early studies did not record it.
   */
  inputs: z.int().positive().optional(),
  /** `imagesChecksum` of the training examples: it tells other images under the same name. */
  crc32: z.string().optional(),
  /** 1/(2m) Σ‖f − y‖² over the training examples: of the dense network, of the subnetwork. */
  denseLoss: figure,
  subnetworkLoss: figure,
  denseTestLoss: figure,
  subnetworkTestLoss: figure,
  denseTestAccuracy: figure,
  subnetworkTestAccuracy: figure,
  /** Distinct neurons among the picks. */
  distinct: whole,
  /** Passes over the activations for the selection. */
  passes: whole,
  /** The subnetwork after `fineTune` steps. */
  fineTunedLoss: figure.optional(),
  fineTunedTestAccuracy: figure.optional(),
  /** The dense network after `fineTune` more steps: the same number in all. */
  continuedLoss: figure.optional(),
  continuedTestAccuracy: figure.optional(),
  /** A network as wide as the subnetwork, trained from scratch for the same number of steps in all. */
  scratchLoss: figure.optional(),
  scratchTestAccuracy: figure.optional(),
  /** Pre-training since the last checkpoint and all work at this one. */
  seconds: z.number(),
  adapter: z.string(),
});

/**
 * One point of a study: a subnetwork pruned at one checkpoint of one trial, and its figures.
 *
 * @interface
 */
export type Cell = z.infer<typeof cellSchema>;

/** Columns in the order of the table; `seconds` and `adapter` are no figures of the networks. */
export const COLUMNS = Object.keys(cellSchema.shape) as readonly (keyof Cell)[];

/** What a cell is about, apart from its figures: no two cells of a study share it. */
export type CellKey = Trial & Pruning & Pick<Cell, 'iteration'>;

/** What a cell is about as one string: the same for two cells of which a study keeps one. */
export function cellKey(cell: Omit<CellKey, 'method' | 'rule'> & Pick<Cell, 'method' | 'rule'>) {
  const { width, learningRate, batch, picks, method, rule, examples, trial, iteration } = cell;
  return [width, learningRate, batch, picks, method, rule, examples, trial, iteration].join('/');
}

/**
 * One line of `cells.jsonl`.
 *
 * @throws bad-data naming the line when it is not a cell.
 */
export function parseCell(line: string, file: string, number: number): Cell {
  const fail = (why: string, cause?: unknown) =>
    new EspalierError(
      'bad-data',
      `${file}, line ${number}, is corrupt (${why}). Remove that line to have its cell computed again.`,
      { cause },
    );
  let value: unknown;
  try {
    value = parseJson(line);
  } catch (cause) {
    throw fail('it is not JSON', cause);
  }
  const parsed = cellSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fail(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}

/** All cells as a table with a header line, in the order of what they are about. */
export function cellsCsv(cells: readonly Cell[]): string {
  const columns = COLUMNS.filter((column) => cells.some((cell) => cell[column] !== undefined));
  const rows = inOrder(cells).map((cell) => columns.map((column) => quoted(cell[column])));
  return [columns, ...rows].map((row) => `${row.join(',')}\n`).join('');
}

/** Sorted by setting, size, trial and iteration, whatever order they were finished in. */
export function inOrder(cells: readonly Cell[]): readonly Cell[] {
  const order = ['width', 'learningRate', 'batch', 'picks', 'method', 'rule', 'examples', 'trial'];
  const columns = [...order, 'iteration'] as (keyof Cell)[];
  return cells.toSorted((a, b) => {
    const column = columns.find((name) => a[name] !== b[name]);
    return column ? compare(a[column], b[column]) : 0;
  });
}

/** Numbers before names, so that a batch of 'full' comes after all others. */
function compare(a: Cell[keyof Cell], b: Cell[keyof Cell]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return String(a) < String(b) ? -1 : 1;
  return typeof a === 'number' ? -1 : 1;
}

function quoted(value: string | number | undefined): string {
  const text = String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

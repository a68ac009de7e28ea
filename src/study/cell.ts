import { z } from 'zod';
import type { EspalierError } from '../errors.js';
import { parseRecordLine } from '../json.js';
import type { Pruning, Trial } from './grid.js';

const whole = z.int().nonnegative();
/** A loss is a mean of squares or of −ln p, so it is never negative. */
const loss = z.number().nonnegative();

const share = z.number().min(0).max(1);

export const cellSchema = z.object({
  examples: whole,
  trial: whole,
  iteration: whole,
  width: whole,
  picks: whole,
  method: z.string(),
  rule: z.string(),
  learningRate: z.number().positive(),
  batch: z.union([whole, z.literal('full')]),
  /**
   * d, the number of inputs with the constant one. The theory's curve needs it, and a report is
   * made without the data. Early studies did not record it.
   */
  inputs: z.int().positive().optional(),
  /** `imagesChecksum` of the training examples. It reveals other images under the same name. */
  crc32: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .optional(),
  /** Losses over the training examples. For the squared loss 1/(2m) Σ‖f − y‖². */
  denseLoss: loss,
  subnetworkLoss: loss,
  denseTestLoss: loss,
  subnetworkTestLoss: loss,
  denseTestAccuracy: share,
  subnetworkTestAccuracy: share,
  /** Distinct neurons among the picks. */
  distinct: whole,
  /** How often the selection read all activations. */
  passes: whole,
  /** The subnetwork after `fineTune` steps. */
  fineTunedLoss: loss.optional(),
  fineTunedTestAccuracy: share.optional(),
  /** The dense network after the steps of fine-tuning, as many in all as the fine-tuned one. */
  continuedLoss: loss.optional(),
  continuedTestAccuracy: share.optional(),
  /** A network as wide as the subnetwork, trained from scratch for as many steps in all. */
  scratchLoss: loss.optional(),
  scratchTestAccuracy: share.optional(),
  /**
   * Pre-training since the last checkpoint and all work at this one, shared evenly by its cells.
   */
  seconds: z.number().nonnegative(),
  adapter: z.string(),
});

/** Refuses more distinct neurons than the network has or than were picked. */
const possibleSchema = cellSchema.refine(
  ({ distinct, picks, width }) => distinct <= Math.min(picks, width),
  { path: ['distinct'], error: 'more than there are' },
);

/**
 * One measurement of a study: a subnetwork pruned at one checkpoint of one trial, with its losses
 * and accuracies.
 *
 * @interface
 */
export type Cell = z.infer<typeof cellSchema>;

/** All keys of a cell, in the order of the columns of `cells.csv`. */
export const COLUMNS = Object.keys(cellSchema.shape) as readonly (keyof Cell)[];

/** The keys that identify a cell within its study. */
export type CellKey = Trial & Pruning & Pick<Cell, 'iteration'>;

/** The identity of a cell as a string. A study keeps one cell for each. */
export function cellKey(cell: Omit<CellKey, 'method' | 'rule'> & Pick<Cell, 'method' | 'rule'>) {
  const { width, learningRate, batch, picks, method, rule, examples, trial, iteration } = cell;
  return [width, learningRate, batch, picks, method, rule, examples, trial, iteration].join('/');
}

/**
 * Reads one line of `cells.jsonl`.
 *
 * @throws bad-data naming file and line when the line is not a valid cell.
 */
export function parseCell(line: string, file: string, number: number): Cell {
  const { value, fail } = parseRecordLine(line, { file, number, lost: 'its cell' });
  return requireCell(value, fail);
}

/**
 * A cell from anywhere, as long as its figures are possible.
 *
 * @throws what `fail` makes of what is wrong.
 */
export function requireCell(value: unknown, fail: (why: string) => EspalierError): Cell {
  const parsed = possibleSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw fail(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
}

/** All cells as a CSV table with a header line, sorted by `inOrder`. */
export function cellsCsv(cells: readonly Cell[]): string {
  const columns = COLUMNS.filter((column) => cells.some((cell) => cell[column] !== undefined));
  const rows = inOrder(cells).map((cell) => columns.map((column) => quoted(cell[column])));
  return [columns, ...rows].map((row) => `${row.join(',')}\n`).join('');
}

/** The cells sorted by setting, size, trial and iteration. */
export function inOrder(cells: readonly Cell[]): readonly Cell[] {
  const order = ['width', 'learningRate', 'batch', 'picks', 'method', 'rule', 'examples', 'trial'];
  const columns = [...order, 'iteration'] as (keyof Cell)[];
  return cells.toSorted((a, b) => {
    const column = columns.find((name) => a[name] !== b[name]);
    return column ? compare(a[column], b[column]) : 0;
  });
}

/** Numbers come before texts, so that the batch 'full' comes after all others. */
function compare(a: Cell[keyof Cell], b: Cell[keyof Cell]): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === typeof b) return String(a) < String(b) ? -1 : 1;
  return typeof a === 'number' ? -1 : 1;
}

function quoted(value: string | number | undefined): string {
  const text = String(value ?? '');
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

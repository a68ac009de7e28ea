import { z } from 'zod';
import type { Pruning, Trial } from './grid.js';
import { type CellKind, csvOfCells, keyOfCell, parseCellLine, sortedCells } from './records.js';

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

/** The keys that identify a cell within its study. */
export type CellKey = Trial & Pruning & Pick<Cell, 'iteration'>;

/** Cells of two-layer networks. */
export const CELLS: CellKind<Cell> = {
  schema: possibleSchema,
  columns: Object.keys(cellSchema.shape) as (keyof Cell)[],
  identity: [
    'width',
    'learningRate',
    'batch',
    'picks',
    'method',
    'rule',
    'examples',
    'trial',
    'iteration',
  ],
};

/** The identity of a cell as a string. A study keeps one cell for each. */
export function cellKey(
  cell: Omit<CellKey, 'method' | 'rule'> & Pick<Cell, 'method' | 'rule'>,
): string {
  return keyOfCell(CELLS, cell);
}

/**
 * Reads one line of `cells.jsonl`.
 *
 * @throws bad-data naming file and line when the line is not a valid cell.
 */
export function parseCell(line: string, file: string, number: number): Cell {
  return parseCellLine(CELLS, line, { file, number });
}

/** All cells as a CSV table with a header line, sorted by `inOrder`. */
export function cellsCsv(cells: readonly Cell[]): string {
  return csvOfCells(CELLS, cells);
}

/** The cells sorted by setting, size, trial and iteration. */
export function inOrder(cells: readonly Cell[]): readonly Cell[] {
  return sortedCells(CELLS, cells);
}

import type { AdapterDescription } from '../gpu/adapter.js';
import type { Cell } from '../study/cell.js';
import { cellCount, listTrials, type Trial, trialOperations } from '../study/grid.js';
import type { StudyConfig } from '../study/study-config.js';
import type { TrialEvent } from '../study/trial.js';
import { plural } from '../text.js';
import { barOn, percent } from './progress.js';

/** Operations a second taken for granted until some are measured. */
const ASSUMED = { software: 5e9, hardware: 2e12 } as const;

export interface StudyProgress<Cell> {
  /** A cell that is done. */
  cell(cell: Cell): void;
  /** What is being done between two cells. */
  doing(note: string): void;
  note(line: string): void;
  stop(): void;
}

/** How large a study's work is, for time left and for the estimate before it starts. */
export interface Workload<Cell> {
  readonly cells: number;
  /** Work of one cell, in operations or in any other unit. */
  readonly perCell: (cell: Cell) => number;
  readonly total: number;
}

export function studyWorkload(
  config: StudyConfig,
  inputs: number,
  testExamples: number,
): Workload<Trial> {
  const trials = listTrials(config);
  const cells = cellCount(config);
  const perCell = (trial: Trial) =>
    (trialOperations(config, trial, inputs, testExamples) * trials.length) / cells;
  const total = trials.reduce(
    (sum, trial) => sum + trialOperations(config, trial, inputs, testExamples),
    0,
  );
  return { cells, perCell, total };
}

/** One line on what is to come, before it starts. */
export function estimate(
  { cells, total }: Workload<Trial>,
  done: number,
  { kind, name }: AdapterDescription,
): string {
  const share = (cells - done) / cells;
  const seconds = (total * share) / ASSUMED[kind];
  const rest =
    done > 0
      ? `${done} of ${plural(cells, 'cell')} are done; the others take`
      : `${plural(cells, 'cell')},`;
  return `${rest} about ${scientific(total * share)} operations: ${duration(seconds)} at ${scientific(ASSUMED[kind])} a second, which is assumed for ${kind === 'hardware' ? 'a GPU' : 'a software adapter'} (${name}).`;
}

/** What a study says of a cell: in a line of its own, and behind a bar. */
export interface CellWords<Cell> {
  readonly line: (cell: Cell) => string;
  readonly short: (cell: Cell) => string;
}

/** Progress on stderr: a bar where a person watches, otherwise a line a cell. */
export function createStudyProgress<Cell>(
  stream: NodeJS.WriteStream,
  workload: Workload<Cell>,
  { done, words }: { readonly done: readonly Cell[]; readonly words: CellWords<Cell> },
): StudyProgress<Cell> {
  let cells = done.length;
  const start = performance.now();
  let left = workload.total - done.reduce((sum, cell) => sum + workload.perCell(cell), 0);
  let finished = 0;
  const timeLeft = () =>
    finished === 0
      ? ''
      : `${duration(((performance.now() - start) / 1000) * (left / finished))} left`;
  const count = (cell: Cell) => {
    cells++;
    left -= workload.perCell(cell);
    finished += workload.perCell(cell);
  };
  if (!stream.isTTY) {
    return {
      stop: () => undefined,
      note: (line) => stream.write(`${line}\n`),
      doing: () => undefined,
      cell: (cell) => {
        count(cell);
        stream.write(`${cells} of ${workload.cells}: ${words.line(cell)}; ${timeLeft()}\n`);
      },
    };
  }
  const bar = barOn(stream, '{value}/{total} cells {bar} {left} {note}');
  bar.start(workload.cells, cells, { left: '', note: '' });
  return {
    stop: () => bar.stop(),
    note: (line) => {
      bar.stop();
      stream.write(`${line}\n`);
      bar.start(workload.cells, cells, { left: timeLeft(), note: '' });
    },
    doing: (note) => bar.update(cells, { left: timeLeft(), note }),
    cell: (cell) => {
      count(cell);
      bar.update(cells, { left: timeLeft(), note: words.short(cell) });
    },
  };
}

/** What is said of cells of two-layer networks. */
export const CELL_WORDS: CellWords<Cell> = {
  line: (cell) => {
    const { denseLoss, subnetworkLoss, subnetworkTestAccuracy } = cell;
    return `${checkpointTitle(cell, cell.iteration)}: training loss ${denseLoss.toPrecision(3)} dense, ${subnetworkLoss.toPrecision(3)} subnetwork with test accuracy ${percent(subnetworkTestAccuracy)}`;
  },
  short: (cell) =>
    `${checkpointTitle(cell, cell.iteration)} loss ${cell.subnetworkLoss.toPrecision(3)}`,
};

/** Shows an event of a trial of a two-layer network. */
export function showTrial(progress: StudyProgress<Cell>, event: TrialEvent): void {
  if (event.type === 'cell') progress.cell(event.cell);
  if (event.type === 'progress' && event.minibatchLoss !== undefined) {
    progress.doing(
      `${checkpointTitle(event.trial, event.iteration)} minibatch loss ${event.minibatchLoss.toPrecision(3)}`,
    );
  }
}

function checkpointTitle({ examples, trial }: Trial, iteration: number): string {
  return `m = ${examples}, trial ${trial}, iteration ${iteration}`;
}

/** `40 s`, `7 min`, `3.2 h`. */
export function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`;
  if (seconds < 6000) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function scientific(value: number): string {
  const power = Math.floor(Math.log10(value));
  return `${(value / 10 ** power).toFixed(1)} · 10^${power}`;
}

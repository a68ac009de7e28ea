import type {
  CompareModelSummary,
  DenseFigures,
  ModelCell,
  PruningWay,
} from '../experiment/model/compare/events.js';
import { grouped } from '../text.js';
import type { Rows } from './tables.js';

/** What a comparison is judged by: right answers, or where there are no labels the dense network's. */
export function scoreOf(summary: Pick<CompareModelSummary, 'dense'>): {
  readonly name: string;
  readonly of: (cell: ModelCell) => number;
  readonly dense: number;
} {
  const { accuracy } = summary.dense;
  return accuracy === undefined
    ? { name: 'the dense network’s answers', of: ({ agreement }) => agreement, dense: 1 }
    : {
        name: 'right answers',
        of: (cell) => cell.accuracy ?? Number.NaN,
        dense: accuracy,
      };
}

/** The ways of a comparison, each once, in their order. */
export function waysOf({ cells }: Pick<CompareModelSummary, 'cells'>): readonly PruningWay[] {
  const byName = new Map(
    cells.map(({ criterion, refit }) => [`${criterion} ${refit}`, { criterion, refit }]),
  );
  return [...byName.values()];
}

/** `0.5, measured`; `0.5 of parameters, uniform`: a column of the table. */
function columnOfCell({ share, of, budgets }: ModelCell): string {
  return `${share}${of === 'parameters' ? ' of parameters' : ''}, ${budgets}`;
}

/** Per cent right, or agreed: a row a way, a column a budget; the best of each column is told apart. */
export function modelComparisonRows(summary: CompareModelSummary): Rows {
  const { cells } = summary;
  const score = scoreOf(summary);
  const columns = [...new Set(cells.map(columnOfCell))];
  const best = new Map(
    columns.map((column) => [
      column,
      Math.max(...cells.filter((cell) => columnOfCell(cell) === column).map(score.of)),
    ]),
  );
  return {
    head: ['criterion', 'refit', ...columns],
    rows: waysOf(summary).map(({ criterion, refit }) => [
      criterion,
      refit,
      ...columns.map((column) => {
        const cell = cells.find(
          (own) =>
            own.criterion === criterion && own.refit === refit && columnOfCell(own) === column,
        );
        if (!cell) return '';
        const value = score.of(cell);
        return `${value === best.get(column) ? '★ ' : ''}${(100 * value).toFixed(1)}`;
      }),
    ]),
  };
}

/** All figures: a row a cell. */
export function modelCellRows({ cells, dense }: CompareModelSummary): Rows {
  const kept = (cell: DenseFigures, of: 'multiplyAdds' | 'parameters') =>
    `${grouped(cell[of])} (${(cell[of] / dense[of]).toPrecision(3)})`;
  const percent = (share: number | undefined) =>
    share === undefined ? '–' : `${(100 * share).toFixed(2)} %`;
  return {
    head: [
      'criterion',
      'refit',
      'budget',
      'multiply-adds',
      'parameters',
      'right answers',
      'agreement',
      'divergence',
      'seconds',
    ],
    rows: cells.map((cell) => [
      cell.criterion,
      cell.refit,
      columnOfCell(cell),
      kept(cell, 'multiplyAdds'),
      kept(cell, 'parameters'),
      percent(cell.accuracy),
      percent(cell.agreement),
      cell.divergence.toPrecision(3),
      cell.seconds.toFixed(1),
    ]),
  };
}

const CSV_COLUMNS = [
  'criterion',
  'refit',
  'budgets',
  'of',
  'share',
  'multiplyAdds',
  'parameters',
  'accuracy',
  'agreement',
  'divergence',
  'seconds',
] as const satisfies readonly (keyof ModelCell)[];

/** All figures for other programs, a line a cell behind a header. */
export function modelComparisonCsv({ cells }: CompareModelSummary): string {
  const lines = cells.map((cell) => CSV_COLUMNS.map((column) => cell[column] ?? ''));
  return [CSV_COLUMNS, ...lines].map((line) => `${line.join(',')}\n`).join('');
}

import { EspalierError } from '../errors.js';
import { type OracleName, type RuleName, requireTogether } from './choices.js';
import type { SelectionProblem } from './problem.js';

/** How neurons are picked greedily. */
export interface GreedyOptions {
  /** k, the most picks. */
  readonly picks: number;
  /** A neuron may be picked again, which gives it more weight. */
  readonly replacement: boolean;
  readonly rule?: RuleName;
  /** Stops at the first loss at or under this one. */
  readonly targetLoss?: number | undefined;
  /** Stops before the first pick that does not lower the loss. Rules with a best step always do. */
  readonly untilStalled?: boolean | undefined;
  /** Each step looks at this many random candidates instead of all. */
  readonly candidates?: number | undefined;
  /** Each step judges by this many random examples instead of all. */
  readonly selectionBatch?: number | undefined;
  /** Of the random candidates and examples. */
  readonly seed?: number;
  readonly oracle?: OracleName | undefined;
  /** p: Gram rows of one pass. */
  readonly block?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws bad-config for options that are impossible or do not go together. */
export function requireSensible(problem: SelectionProblem, options: GreedyOptions): void {
  for (const key of ['picks', 'candidates', 'selectionBatch', 'block'] as const) {
    requireCount(key, options[key]);
  }
  const { targetLoss: given } = options;
  if (given !== undefined && !(given >= 0)) {
    const allowed = 'a number from 0 on';
    throw new EspalierError('bad-config', { kind: 'value', key: 'targetLoss', given, allowed });
  }
  requireProblem(problem);
  const { activations, loss } = problem;
  const [width, examples] = [activations.columns, activations.rows];
  requireTogether({ ...options, method: 'greedy', loss, width, examples });
}

/** @throws bad-data when the shapes differ; bad-config when the loss does not go with the outputs. */
export function requireProblem({ activations, loss, weights, targets }: SelectionProblem): void {
  const [m, n, c] = [activations.rows, activations.columns, weights.columns];
  if (weights.rows !== n || targets.rows !== m || targets.columns !== c) {
    throw new EspalierError(
      'bad-data',
      `Activations [${m} × ${n}], weights [${weights.rows} × ${c}] and targets [${targets.rows} × ${targets.columns}] are not of one problem: expected [m × N], [N × C] and [m × C].`,
    );
  }
  requireTogether({ loss, outputs: c });
}

/** @throws bad-config unless the value is a whole number from 1 on, or absent. */
export function requireCount(key: string, given: number | undefined): void {
  if (given === undefined || (Number.isInteger(given) && given >= 1)) return;
  const allowed = 'a whole number from 1 on';
  throw new EspalierError('bad-config', { kind: 'value', key, given, allowed });
}

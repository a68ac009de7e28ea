import { EspalierError } from '../errors.js';
import type { OracleName } from './plan.js';
import type { SelectionProblem } from './problem.js';
import type { RuleName } from './rules.js';

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
  readonly minibatch?: number | undefined;
  /** Of the random candidates and examples. */
  readonly seed?: number;
  readonly oracle?: OracleName | undefined;
  /** p: Gram rows of one pass. */
  readonly block?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws bad-config for options that are impossible or do not go together, naming their flag. */
export function requireSensible(problem: SelectionProblem, options: GreedyOptions): void {
  const { rows: m, columns: n } = problem.activations;
  const { picks: k, replacement, rule = 'average', candidates, minibatch, targetLoss } = options;
  requireCount('picks', k, replacement ? Number.POSITIVE_INFINITY : n);
  if (candidates !== undefined) requireCount('candidates', candidates, n);
  if (minibatch !== undefined) requireCount('selection-batch', minibatch, m);
  const fail = (message: string) => {
    throw new EspalierError('bad-config', message);
  };
  if (candidates !== undefined && !replacement && candidates < k) {
    fail(
      `--candidates ${candidates} without replacement can run out before ${k} picks; use at least ${k}.`,
    );
  }
  if (targetLoss !== undefined && !(targetLoss >= 0)) {
    fail(`--target-loss must be a number from 0 on, not ${targetLoss}.`);
  }
  if (rule !== 'average' && problem.loss !== 'squared') {
    fail(`--rule ${rule} goes with --loss squared; the cross-entropy goes with --rule average.`);
  }
  if (rule !== 'average' && minibatch !== undefined) {
    fail(`--selection-batch goes with --rule average, not with ${rule}.`);
  }
  if (rule !== 'average' && options.oracle === 'direct') {
    fail(`--oracle direct goes with --rule average; --rule ${rule} needs rows or gram.`);
  }
  requireProblem(problem);
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
  if (loss !== 'cross-entropy' || weights.columns > 1) return;
  throw new EspalierError(
    'bad-config',
    '--loss cross-entropy needs more than one output; use --task digits.',
  );
}

/** @throws bad-config unless the value is a whole number from 1 to `most`. */
export function requireCount(flag: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  const range = Number.isFinite(most) ? `from 1 to ${most}` : 'from 1 on';
  throw new EspalierError(
    'bad-config',
    `--${flag} must be a whole number ${range} here, not ${value}.`,
  );
}

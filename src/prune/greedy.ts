import { EspalierError } from '../errors.js';
import { Batch } from '../gpu/batch.js';
import { readFloats, readUints } from '../gpu/buffer.js';
import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { NO_SLOT, prepareArgmin, SELECTION_STATE, TRACE } from '../kernels/argmin.js';
import { allocateBuffers, type SelectionBuffers } from './buffers.js';
import { drawRows } from './draws.js';
import { measureMixtures } from './measure.js';
import { directSlices, type ExampleBatches, prepareDirectOracle } from './oracles/direct.js';
import { prepareGramOracle } from './oracles/gram.js';
import type { Oracle, OracleContext } from './oracles/oracle.js';
import { prepareRowsOracle } from './oracles/rows.js';
import { type OracleName, type Plan, planSelection } from './plan.js';
import {
  notFinite,
  requireFinite,
  type Selection,
  type SelectionProblem,
  type StopReason,
} from './problem.js';
import { average } from './rules/average.js';
import { corrective } from './rules/corrective.js';
import { lineSearch } from './rules/line-search.js';
import { distinctOf, type History, type Rule } from './rules/rule.js';

export const RULES = { average, 'line-search': lineSearch, corrective } as const;
export type RuleName = keyof typeof RULES;

export interface GreedyOptions {
  /** k, the most picks. */
  readonly neurons: number;
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
  readonly batch?: number | undefined;
  /** Of the random candidates and examples. */
  readonly seed?: number;
  readonly oracle?: OracleName | undefined;
  /** p: Gram rows of one pass. */
  readonly block?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GreedySelection extends Selection {
  readonly plan: Plan;
}

/**
 * Greedy forward selection, exact: each pick is the candidate whose addition gives the smallest
 * loss under the rule, ties to the lowest index. For the squared loss scores follow from the Gram
 * matrix of the neurons' outputs, argmin_i ‖f_{S+i} − y‖² = argmin_i ⟨ψ_i, ψ_i⟩ + 2 Σ_s ⟨ψ_s, ψ_i⟩
 * with ψ_i = φ_i − y, so that a pick costs at most one pass over the activations. All steps run on
 * the GPU without a read-back, except for a look at whether to stop about every tenth of a second.
 * Yields the number of picks made, now and then.
 *
 * From activations in float16 the picks are those of the rounded numbers: against exact ones, the
 * root of the squared loss with a pick exceeds that with the best candidate by at most 2⁻¹¹ (r + r′),
 * with r and r′ the roots of Σ_jc (mean_s |φ_s,jc|)² / 2m with the one and with the other, but for
 * 2⁻²⁴ where activations are below 2⁻¹⁴. The losses that are returned are
 * measured from `problem.exact`, and from the rounded ones only where that is not given.
 *
 * @throws bad-config for a wish that cannot be granted, naming its flag; bad-data when a neuron's
 *   outputs are not finite; limit-exceeded; aborted between submits.
 */
export async function* selectGreedily(
  device: Device,
  problem: SelectionProblem,
  options: GreedyOptions,
): AsyncGenerator<number, GreedySelection> {
  requireSensible(problem, options);
  const { neurons: k, replacement, signal, candidates, batch: batchSize, seed = 0 } = options;
  const { activations, weights, targets } = problem;
  const n = activations.columns;
  const rule = RULES[options.rule ?? 'average'];
  const plan = planSelection(device, problem, {
    picks: k,
    ...options,
    foreseeable: rule.foreseeable && candidates === undefined,
  });
  const examples = await readMatrix(targets);
  const fixed: Fixed = {
    neurons: n,
    examples: activations.rows,
    energy: examples.reduce((sum, y) => sum + y * y, 0),
  };

  using scope = new Scope(device);
  const batches: ExampleBatches | undefined = batchSize
    ? { size: batchSize, indices: drawRows(k, activations.rows, batchSize, seed, 'batch') }
    : undefined;
  const direct = plan.oracle === 'direct';
  const buffers = allocateBuffers(scope, {
    neurons: n,
    picks: k,
    block: plan.block,
    capacity: plan.capacity,
    slices: direct ? directSlices(device, activations.chunks, batches) : 1,
  });
  const { fitted } = rule;
  const { block, lookahead } = plan;
  const context = { device, scope, problem, buffers, block, lookahead, replacement, fitted };
  const oracle = await prepareOracle(plan.oracle, context, batches);
  const state = await rule.prepare({ device, scope, weights, buffers, picks: k });
  const pick = await prepareArgmin(device, {
    ...buffers,
    count: n,
    // A lookahead chooses the rows that come with the pick's.
    block: lookahead ? 1 : block,
    replacement,
    subset: candidates
      ? {
          size: candidates,
          neurons: scope.bufferOf('candidates', drawRows(k, n, candidates, seed, 'candidates')),
        }
      : undefined,
  });

  // A history can only say that the end is reached where there is an end before the last pick.
  // Scores from rounded activations do not say whether a target is reached: the measured losses do.
  const target = activations.storage === 'f16' ? undefined : options.targetLoss;
  const watched = oracle.bringsRows && (rule.stalls || target !== undefined);
  const batch = new Batch(device);
  await oracle.begin(batch, signal);
  let made = 0;
  let ended = false;
  while (made < k && !ended) {
    oracle.score(batch, made);
    pick(batch, made);
    oracle.take(batch);
    if (oracle.bringsRows) state.update(batch, made);
    made++;
    if (!(await batch.breathe(signal))) continue;
    yield made;
    ended = watched && isOver(rule, target, await readHistory(buffers, made, fixed));
  }
  await batch.finish();

  const history = await readHistory(buffers, made, fixed);
  await requireNumbers(buffers, history);
  const improving = oracle.bringsRows ? Math.max(1, rule.replay(history).stalled) : made;
  const kept = { ...history, picks: history.picks.slice(0, improving) };
  const { neurons } = distinctOf(kept.picks);
  const shares = rule.replay(kept).shares(await state.read());
  const losses = await measureMixtures(device, problem, neurons, shares, signal);
  requireFinite('losses of subnetworks', losses);
  const { count, stopped } = endOf(losses, made, options);
  const selected = kept.picks.slice(0, count);
  const distinct = distinctOf(selected).neurons;
  const mixtures = cut(shares, neurons.length, count, distinct.length);
  return {
    selected,
    loss: losses.slice(0, count),
    neurons: distinct,
    weight: Float32Array.from(mixtures.subarray(-distinct.length)),
    shares: mixtures,
    passes: oracle.passes(made, (await readUints(buffers.state))[SELECTION_STATE.passes] ?? 0),
    stopped,
    plan,
  };
}

/** The first `rows` rows and `columns` columns of a matrix with rows of `stride`. */
function cut(matrix: Float64Array, stride: number, rows: number, columns: number): Float64Array {
  const part = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    part.set(matrix.subarray(row * stride, row * stride + columns), row * columns);
  }
  return part;
}

/** What of a history does not change with the picks. */
type Fixed = Pick<History, 'neurons' | 'examples' | 'energy'>;

async function readHistory(
  { picks, trace }: SelectionBuffers,
  count: number,
  fixed: Fixed,
): Promise<History> {
  return {
    ...fixed,
    picks: await readUints(picks, 0, count),
    trace: await readFloats(trace, 0, count * TRACE.words),
  };
}

/** Share of ⟨y, y⟩ that the residual which float32 scores imply may be off by. */
const SCORE_ROUNDING = 2 ** -20;

/**
 * Whether the scores imply that more picks are of no use. A target counts as reached when rounding
 * cannot be why: the measured losses decide where the picks end, and too few could not be mended.
 */
function isOver(rule: Rule, targetLoss: number | undefined, history: History): boolean {
  const { residual, stalled } = rule.replay(history);
  const least = 2 * history.examples * (targetLoss ?? -1) - SCORE_ROUNDING * history.energy;
  return stalled < history.picks.length || residual.some((left) => left <= least);
}

/** Where the picks end, by their measured losses: at the target, or where nothing improves. */
function endOf(
  losses: Float32Array,
  made: number,
  { targetLoss = -1, untilStalled = false }: GreedyOptions,
): { readonly count: number; readonly stopped: StopReason } {
  for (const [step, loss] of losses.entries()) {
    if (loss <= targetLoss) return { count: step + 1, stopped: 'target' };
    const before = losses[step - 1] ?? Number.POSITIVE_INFINITY;
    if (untilStalled && loss >= before) return { count: step, stopped: 'stalled' };
  }
  return { count: losses.length, stopped: losses.length < made ? 'stalled' : 'count' };
}

function prepareOracle(
  name: OracleName,
  context: OracleContext,
  batches: ExampleBatches | undefined,
): Promise<Oracle> {
  if (name === 'gram') return prepareGramOracle(context);
  return name === 'rows' ? prepareRowsOracle(context) : prepareDirectOracle(context, batches);
}

async function requireNumbers({ state }: SelectionBuffers, { picks }: History): Promise<void> {
  const words = await readUints(state);
  const bad = words[SELECTION_STATE.notNumbers] ?? 0;
  if (bad === 0 && !picks.includes(NO_SLOT)) return;
  throw notFinite(`outputs of neurons (${Math.ceil(bad / picks.length)} in a step) that are`);
}

function requireSensible(problem: SelectionProblem, options: GreedyOptions): void {
  const { rows: m, columns: n } = problem.activations;
  const { neurons: k, replacement, rule = 'average', candidates, batch, targetLoss } = options;
  requireCount('neurons', k, replacement ? Number.POSITIVE_INFINITY : n);
  if (candidates !== undefined) requireCount('candidates', candidates, n);
  if (batch !== undefined) requireCount('selection-batch', batch, m);
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
  if (rule !== 'average' && batch !== undefined) {
    fail(`--selection-batch goes with --rule average, not with ${rule}.`);
  }
  if (rule !== 'average' && options.oracle === 'direct') {
    fail(`--oracle direct goes with --rule average; --rule ${rule} needs rows or gram.`);
  }
  requireProblem(problem);
}

/** @throws bad-config when the loss does not go with the outputs. */
export function requireProblem({ loss, weights }: SelectionProblem): void {
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

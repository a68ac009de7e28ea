import { readFloats, readUints } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { NO_SLOT, preparePick, SELECTION_STATE, TRACE } from '../kernels/pick.js';
import { drawSubsets, randomStream } from '../random.js';
import { allocateBuffers, type SelectionBuffers } from './buffers.js';
import type { OracleName } from './choices.js';
import { type GreedyOptions, requireSensible } from './greedy-options.js';
import { measureMixtures } from './measure.js';
import { directSlices, type Minibatches, prepareDirectOracle } from './oracles/direct.js';
import { prepareGramOracle } from './oracles/gram.js';
import type { Oracle, OracleContext } from './oracles/oracle.js';
import { prepareRowsOracle } from './oracles/rows.js';
import { type Plan, planSelection } from './plan.js';
import {
  notFinite,
  requireFinite,
  type Selection,
  type SelectionProblem,
  type StopReason,
} from './problem.js';
import { distinctPicks, type History, type Rule, type RuleState } from './rules/rule.js';
import { RULES } from './rules.js';

/** A greedy selection, and how it was done. */
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
 * root of the squared loss of the average with a pick exceeds that with the best candidate by at
 * most r + r′, with r and r′ the roots of Σ_jc (mean_s |b_sc| e(h_js))² / 2m over all picks s with
 * the one and with the other, where e(h) = 2⁻¹¹ |h| + 2⁻²⁴ is the most that rounding moves an
 * activation by. The losses that are returned are measured from `problem.exact`, and from the
 * rounded ones only where that is not given.
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
  const { picks: k, signal } = options;
  using scope = new Scope(device);
  const steps = await prepareSteps(device, problem, options, scope);
  const { oracle, rule, state, buffers, plan } = steps;
  let known: Promise<Fixed> | undefined;
  const fixed = () => {
    known ??= fixedHistory(problem);
    return known;
  };

  // A history can only say that the end is reached where there is an end before the last pick.
  // Scores from rounded activations do not say whether a target is reached: the measured losses do.
  const target = problem.activations.storage === 'f16' ? undefined : options.targetLoss;
  const watched = oracle.bringsRows && (rule.stalls || target !== undefined);
  const commands = new Commands(device);
  await oracle.begin(commands, signal);
  let made = 0;
  let ended = false;
  while (made < k && !ended) {
    steps.encode(commands, made);
    made++;
    if (!(await commands.submitIfFull(signal))) continue;
    yield made;
    ended = watched && isOver(rule, target, await readHistory(fixed(), buffers, made));
  }
  await commands.finish();

  // At once, since each alone waits for the GPU's answer.
  const [history, counters, left] = await Promise.all([
    readHistory(fixed(), buffers, made),
    readUints(buffers.state),
    state.read(),
  ]);
  requireNumbers(counters, history);
  const improving = oracle.bringsRows ? Math.max(1, rule.replay(history).stalled) : made;
  const useful = { ...history, picks: history.picks.slice(0, improving) };
  const shares = rule.replay(useful).shares(left);
  const selection = await measured(device, problem, options, { picks: useful.picks, shares, made });
  const passes = oracle.passes(made, counters[SELECTION_STATE.passes] ?? 0);
  return { ...selection, passes, plan };
}

/** What a selection's steps are made of, and what encodes one of them. */
interface Steps {
  readonly plan: Plan;
  readonly rule: Rule;
  readonly oracle: Oracle;
  readonly buffers: SelectionBuffers;
  readonly state: RuleState;
  readonly encode: (commands: Commands, step: number) => void;
}

async function prepareSteps(
  device: Device,
  problem: SelectionProblem,
  options: GreedyOptions,
  scope: Scope,
): Promise<Steps> {
  const { picks: k, replacement, candidates, selectionBatch, seed = 0 } = options;
  const { activations, weights } = problem;
  const { rows: m, columns: n } = activations;
  const rule = RULES[options.rule ?? 'average'];
  const plan = planSelection(device, problem, {
    ...options,
    foreseeable: rule.foreseeable && candidates === undefined,
  });
  const { block, lookahead, capacity } = plan;
  const draws = (purpose: string, size: number, count: number) =>
    drawSubsets(randomStream(seed, `selection ${purpose}`), { steps: k, size, count });
  const minibatches: Minibatches | undefined = selectionBatch
    ? { size: selectionBatch, indices: draws('batch', selectionBatch, m) }
    : undefined;
  const slices = plan.oracle === 'direct' ? directSlices(device, activations, minibatches) : 1;
  const buffers = allocateBuffers(scope, { width: n, picks: k, block, capacity, slices });
  const { fitted } = rule;
  const context = { device, scope, problem, buffers, block, lookahead, replacement, fitted };
  const oracle = await prepareOracle(plan.oracle, context, minibatches);
  const state = await rule.prepare({ device, scope, weights, buffers, picks: k });
  const pick = await preparePick(device, {
    ...buffers,
    count: n,
    // A lookahead chooses the rows that come with the pick's.
    block: lookahead ? 1 : block,
    replacement,
    subset: candidates
      ? {
          size: candidates,
          indices: scope.bufferFrom('candidates', draws('candidates', candidates, n)),
        }
      : undefined,
  });
  const encode = (commands: Commands, step: number) => {
    oracle.score(commands, step);
    pick(commands, step);
    oracle.take(commands);
    if (oracle.bringsRows) state.update(commands, step);
  };
  return { plan, rule, oracle, buffers, state, encode };
}

/** The selection by its measured losses, which decide where it ends. */
async function measured(
  device: Device,
  problem: SelectionProblem,
  options: GreedyOptions,
  {
    picks,
    shares,
    made,
  }: { readonly picks: Uint32Array; readonly shares: Float64Array; readonly made: number },
): Promise<Omit<Selection, 'passes'>> {
  const { kept } = distinctPicks(picks);
  const losses = await measureMixtures(device, problem, { kept, shares }, options.signal);
  requireFinite('losses of subnetworks', losses);
  const { count, stopped } = stoppingPoint(losses, made, options);
  const selected = picks.slice(0, count);
  const left = distinctPicks(selected).kept;
  const mixtures = cut(shares, kept.length, count, left.length);
  return {
    selected,
    loss: losses.slice(0, count),
    kept: left,
    finalShares: Float32Array.from(mixtures.subarray(-left.length)),
    shares: mixtures,
    stopped,
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
type Fixed = Pick<History, 'width' | 'examples' | 'energy'>;

async function fixedHistory({ activations, targets }: SelectionProblem): Promise<Fixed> {
  const values = await readMatrix(targets);
  const energy = values.reduce((sum, y) => sum + y * y, 0);
  return { width: activations.columns, examples: activations.rows, energy };
}

async function readHistory(
  fixed: Promise<Fixed>,
  buffers: SelectionBuffers,
  count: number,
): Promise<History> {
  const [known, picks, trace] = await Promise.all([
    fixed,
    readUints(buffers.picks, 0, count),
    readFloats(buffers.trace, 0, count * TRACE.words),
  ]);
  return { ...known, picks, trace };
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
function stoppingPoint(
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
  minibatches: Minibatches | undefined,
): Promise<Oracle> {
  if (name === 'gram') return prepareGramOracle(context);
  return name === 'rows' ? prepareRowsOracle(context) : prepareDirectOracle(context, minibatches);
}

function requireNumbers(counters: Uint32Array, { picks }: History): void {
  const bad = counters[SELECTION_STATE.nanCount] ?? 0;
  if (bad === 0 && !picks.includes(NO_SLOT)) return;
  throw notFinite(`outputs of neurons (${Math.ceil(bad / picks.length)} in a step) that are`);
}

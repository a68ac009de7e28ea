import type { Selection } from '../../src/prune/problem.js';
import { UNIT } from '../../src/reference/bound.js';
import {
  candidateLosses,
  outputsLoss,
  type ReferenceProblem,
  type RuleName,
} from '../../src/reference/selection.js';

/** How far a pick's loss may lie above the best candidate's. */
export const PICK_TOLERANCE = 1e-5;
/** How far a reported loss may lie off the float64 one, relatively. */
const LOSS_TOLERANCE = 1e-4;
/**
 * The same as a share of the targets' own loss: a mixture fitted in float32 is off by its rounding
 * times the condition of the picks, up to 2⁻²⁴ · 10⁴ of the targets, and the loss by that squared.
 */
const FIT_TOLERANCE = 2 ** -20;

/** What float64 says of selections from one problem under one rule. */
export interface Judge {
  readonly problem: ReferenceProblem;
  /** Loss of adding each neuron to the picks. */
  losses(picks: readonly number[]): Float64Array;
  /** Loss of the picks. */
  loss(picks: readonly number[]): number;
  /** What a loss may be off by beside `LOSS_TOLERANCE`, as a share of the targets' own loss. */
  readonly fitTolerance: number;
  /** The neurons that may come next. */
  open(picks: readonly number[]): readonly number[];
}

export function judgeFor(problem: ReferenceProblem, rule: RuleName, replacement: boolean): Judge {
  const known = new Map<string, Float64Array>();
  const neurons = problem.phi.map((_, neuron) => neuron);
  const losses = (picks: readonly number[]) => {
    const key = picks.join();
    const found = known.get(key) ?? candidateLosses(problem, rule, picks);
    known.set(key, found);
    return found;
  };
  return {
    problem,
    fitTolerance: rule === 'corrective' ? FIT_TOLERANCE : 0,
    losses,
    loss: (picks) => {
      const last = picks[picks.length - 1];
      if (last === undefined) return outputsLoss(problem, new Float64Array(problem.y.length));
      return losses(picks.slice(0, -1))[last] ?? Number.NaN;
    },
    open: (picks) => (replacement ? neurons : neurons.filter((i) => !picks.includes(i))),
  };
}

/** The neuron of the smallest loss, and how far ahead of the next it is. */
export function bestPick(judge: Judge, picks: readonly number[]): { pick: number; gap: number } {
  const losses = judge.losses(picks);
  const ranked = [...judge.open(picks)].sort(
    (a, b) => (losses[a] ?? 0) - (losses[b] ?? 0) || a - b,
  );
  const [pick = -1, next = -1] = ranked;
  return { pick, gap: (losses[next] ?? Number.POSITIVE_INFINITY) - (losses[pick] ?? 0) };
}

/**
 * What is wrong with a selection, in words; nothing when each pick is within `PICK_TOLERANCE` of
 * the best candidate, each loss is that of the rule's mixture, and the weights give the last.
 */
export function selectionFaults(judge: Judge, selection: Selection): readonly string[] {
  const { problem } = judge;
  const picks = [...selection.selected];
  const faults: string[] = [];
  picks.forEach((pick, step) => {
    const before = picks.slice(0, step);
    const open = judge.open(before);
    if (!open.includes(pick)) faults.push(`pick ${step}: ${pick} was taken before`);
    const losses = judge.losses(before);
    const best = Math.min(...open.map((i) => losses[i] ?? Number.NaN));
    const excess = (losses[pick] ?? Number.NaN) - best;
    if (!(excess <= PICK_TOLERANCE)) faults.push(`pick ${step}: ${pick} is ${excess} off the best`);
    const reported = selection.loss[step] ?? Number.NaN;
    const expected = judge.loss([...before, pick]);
    if (!isClose(reported, expected, judge)) {
      faults.push(`loss ${step}: ${reported} reported, ${expected} in float64`);
    }
  });
  const distinct = [...new Set(picks)];
  if (distinct.join() !== selection.kept.join()) faults.push('neurons are not the distinct picks');
  const last = selection.loss[picks.length - 1] ?? Number.NaN;
  const weighted = outputsLoss(problem, weightedOutputs(problem, selection));
  if (!isClose(last, weighted, judge)) faults.push(`weights give ${weighted}, reported is ${last}`);
  return faults;
}

function isClose(actual: number, expected: number, { fitTolerance, loss }: Judge): boolean {
  const allowed = LOSS_TOLERANCE * Math.max(expected, 1e-3) + fitTolerance * loss([]);
  return Math.abs(actual - expected) <= allowed;
}

/** Σ_s α_s φ_s [m · C]. */
export function weightedOutputs(
  { phi, y }: ReferenceProblem,
  { kept, finalShares }: Pick<Selection, 'kept' | 'finalShares'>,
): Float64Array {
  const sum = new Float64Array(y.length);
  kept.forEach((neuron, place) => {
    const share = finalShares[place] ?? Number.NaN;
    phi[neuron]?.forEach((value, e) => {
      sum[e] = (sum[e] ?? 0) + share * value;
    });
  });
  return sum;
}

/** The first step that float64 leaves open, by a gap of at most `PICK_TOLERANCE`; k if none. */
export function decidedSteps(judge: Judge, picks: readonly number[]): number {
  const open = picks.findIndex(
    (_, step) => bestPick(judge, picks.slice(0, step)).gap <= PICK_TOLERANCE,
  );
  return open < 0 ? picks.length : open;
}

/**
 * How far a measured squared loss may lie off the exact one of its own weights: with outputs off by
 * δ, |ΔL| ≤ (2‖f − y‖‖δ‖ + ‖δ‖²) / 2m + γ L, where each output is a sum of n + 3 rounded terms of
 * at most the largest |φ|, times the amplitude Σ|α|, and the loss a sum of mC.
 */
export function measurementBound(
  { examples: m, phi, y }: ReferenceProblem,
  loss: number,
  terms: number,
  amplitude = 1,
): number {
  const gamma = (count: number) => (count * UNIT) / (1 - count * UNIT);
  const reach = y.map((_, e) => Math.max(...phi.map((own) => Math.abs(own[e] ?? 0))));
  const delta = gamma(terms + 3) * amplitude * Math.hypot(...reach);
  const error = Math.sqrt(2 * m * loss);
  return (2 * error * delta + delta * delta) / (2 * m) + gamma(y.length + 4) * loss;
}

import { throwIfAborted } from '../errors.js';
import { BYTES, readMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { streamedActivations } from '../models/forward.js';
import type { TwoLayerNetwork } from '../models/two-layer.js';
import { streamedFrom } from '../prune/activations.js';
import { outputGram } from '../prune/gram-matrix.js';
import type { SelectionProblem } from '../prune/problem.js';
import { bestInHull, guaranteedExcess, type HullOptimum, squaredDiameter } from '../theory/hull.js';
import type { Experiment } from './experiment.js';
import type { RunConfig } from './run-config.js';

/** More neurons than this make the float64 work on the CPU longer than the selection itself. */
const MOST_NEURONS = 2048;

/**
 * Share of the pre-training's operations that the theory may take, and operations too few to count.
 */
const WORK_SHARE = 1 / 10;
const FREE_OPERATIONS = 1e9;

/** Gram rows that a selection keeps on the GPU beside the activations, in their examples. */
const CACHE_SHARE = 1 / 4;
const CHUNK_ROWS = { most: 1024, least: 64 } as const;

/** The theory beside a selection by the squared loss. */
export interface Guarantee {
  /** The best loss in the convex hull of the neurons' outputs. */
  readonly hull: HullOptimum;
  /** D² / m, with D the hull's diameter. */
  readonly diameter: number;
  /** Guaranteed loss after 1, 2, … k picks. */
  readonly bound: Float64Array;
}

export type GuaranteeConfig = Pick<
  RunConfig,
  'method' | 'rule' | 'replacement' | 'loss' | 'width' | 'candidates' | 'selectionBatch'
>;

type GuaranteedRule = 'average' | 'line-search';

/** The rule of a selection of which the theory says something, or why it says nothing. */
export function guaranteedRule(
  config: GuaranteeConfig,
): { readonly rule: GuaranteedRule } | { readonly missing: string } {
  const { method, rule, replacement, loss, width, candidates, selectionBatch } = config;
  if (method !== 'greedy') return { missing: 'it is of greedy selection' };
  if (loss !== 'squared') return { missing: 'it is of the squared loss' };
  if (rule === 'corrective') return { missing: 'least squares leave the hull of the outputs' };
  if (!replacement) return { missing: 'it is of selection with replacement' };
  if (candidates || selectionBatch) {
    return { missing: 'it is of steps that look at all candidates and all examples' };
  }
  if (width > MOST_NEURONS) return { missing: `it is worked out up to ${MOST_NEURONS} neurons` };
  return { rule };
}

/**
 * Works out the guarantee of a selection by a `guaranteedRule`, from the whole Gram matrix.
 *
 * @throws aborted when the signal fires before the matrix is there.
 */
export async function hullGuarantee(
  { device, signal }: Pick<Experiment, 'device' | 'signal'>,
  problem: SelectionProblem,
  { rule, picks }: { readonly rule: GuaranteedRule; readonly picks: number },
): Promise<Guarantee> {
  const { activations, targets } = problem;
  const y = await readMatrix(targets);
  const hullProblem = {
    ...(await outputGram(device, problem, signal)),
    energy: y.reduce((sum, value) => sum + value * value, 0),
    examples: activations.rows,
  };
  const hull = bestInHull(hullProblem);
  const diameter = squaredDiameter(hullProblem);
  const excess = guaranteedExcess(rule, diameter, activations.rows, picks);
  return {
    hull,
    diameter: diameter / activations.rows,
    bound: excess.map((value) => hull.loss + value),
  };
}

/**
 * What no mixture's loss goes below: the least that the gap allows, rounded down to three digits.
 */
export function hullFloor({ loss, gap }: HullOptimum): number {
  const least = loss - gap;
  if (!(least > 0)) return 0;
  const unit = 10 ** (Math.floor(Math.log10(least)) - 2);
  return Number((Math.floor(least / unit) * unit).toPrecision(3));
}

/** The theory in a run's summary, or why there is none. */
export type RunTheory =
  | { readonly missing: string }
  | {
      readonly hull: HullOptimum;
      /** D² / m, with D the hull's diameter. */
      readonly diameter: number;
      /** Guaranteed and measured training loss after 1, 2, … k picks. */
      readonly bound: readonly number[];
      readonly loss: readonly number[];
    };

/**
 * The theory beside the selection that a run has made. The activations are computed again, a few at
 * a time. So the Gram matrix can have the memory that they took during the selection.
 *
 * @param loss after each pick.
 * @throws aborted when the signal has fired before.
 */
export async function runTheory(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  loss: Float32Array,
): Promise<RunTheory> {
  const { config, train, signal } = experiment;
  const applies = guaranteedRule(config);
  if ('missing' in applies) return applies;
  const { width: n, inputs: d, device, output } = network;
  const m = train.count;
  const room = Math.floor((BYTES[config.storage] / BYTES.f32 + CACHE_SHARE) * m) - n;
  if (room < Math.min(CHUNK_ROWS.least, m)) {
    return { missing: 'the Gram matrix would take more memory than the selection' };
  }
  const { iterations, batch } = config;
  const work = m * n * (2 * d + n);
  const training = 4 * d * n * iterations * (batch === 'full' ? m : Math.min(batch, m));
  if (work > Math.max(FREE_OPERATIONS, WORK_SHARE * training)) {
    return { missing: 'it would take more than a tenth of the pre-training' };
  }
  throwIfAborted(signal);
  const rowsPerChunk = Math.min(CHUNK_ROWS.most, room, m);
  using scope = new Scope(device);
  const streamed = await streamedActivations(network, train, scope, { rowsPerChunk });
  const activations = streamedFrom(m, streamed);
  const { targets } = train;
  const problem = { activations, weights: output, targets, loss: 'squared' } as const;
  const { bound, ...theory } = await hullGuarantee(experiment, problem, {
    rule: applies.rule,
    picks: loss.length,
  });
  return { ...theory, bound: [...bound], loss: [...loss] };
}

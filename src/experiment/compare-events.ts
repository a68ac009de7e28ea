import type { AdapterDescription } from '../gpu/adapter.js';
import type { Evaluation } from '../models/forward.js';
import { METHODS } from '../prune/choices.js';
import type { StopReason } from '../prune/problem.js';
import type { Examples } from './examples.js';
import type { Guarantee } from './guarantee.js';
import type { Improved, Performance } from './improve.js';
import type { RunConfig } from './run-config.js';

/** What can be compared: greedy selection under each rule, and every other way. */
export const CONTENDERS = [
  'greedy',
  'line-search',
  'corrective',
  ...METHODS.slice(1),
  'scratch',
] as const;
/** One way to prune, by its name in `CONTENDERS`. */
export type Contender = (typeof CONTENDERS)[number];

/** Who prunes, and how far. */
export interface CompareInput {
  readonly config: RunConfig;
  readonly contenders: readonly Contender[];
  /** Numbers of picks to look at, ascending. */
  readonly sizes: readonly number[];
  readonly examples: Examples;
}

/** One method at one size: as it was pruned, and improved after that. */
export interface Comparison extends Performance, Improved {
  readonly method: Contender;
  readonly picks: number;
  readonly distinct: number;
}

/** What `compare` yields: how far it is, the dense network's figures, then each method's outcome. */
export type CompareEvent =
  | {
      readonly type: 'progress';
      readonly what: 'pre-training' | Contender;
      /** Whether it is past its picks and being refitted and fine-tuned: it then counts sizes. */
      readonly improving?: true;
      /** Steps of training, or picks. */
      readonly done: number;
      readonly total: number;
    }
  | ({ readonly type: 'dense' } & DenseOutcome)
  | ({ readonly type: 'compared' } & Outcome);

/** The dense network's figures, as it is and improved as the others are; of more than 1,024 neurons, not refitted. */
export type DenseOutcome = Evaluation & { readonly test: Evaluation } & Improved;

/** What one method came to. */
export interface Outcome {
  readonly method: Contender;
  /** At every size. */
  readonly rows: readonly Comparison[];
  /** Training loss after each pick, and why there are no more, where the method picks. */
  readonly loss?: Float32Array;
  readonly stopped?: StopReason;
}

/** What `compare` returns: the dense network's figures, and every method's. */
export interface CompareSummary {
  readonly adapter: AdapterDescription;
  readonly dense: DenseOutcome;
  /** At every size, but those past a method's end only once. */
  readonly rows: readonly Comparison[];
  /** Training loss after each pick, and why there are no more, for the methods that pick. */
  readonly curves: readonly {
    readonly method: Contender;
    readonly loss: Float32Array;
    readonly stopped: StopReason;
  }[];
  /** The theory for `greedy`, where it applies. */
  readonly guarantee?: Guarantee;
}

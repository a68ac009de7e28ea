import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import type { Scope } from '../../gpu/scope.js';
import type { SelectionBuffers } from '../buffers.js';
import type { SelectionProblem } from '../problem.js';

/**
 * Where the scores of candidates come from, given the picks. A step is: `score`, the pick,
 * `take`, and then the rule's own update where the oracle has brought a Gram row.
 */
export interface Oracle {
  /**
   * Encodes what is done once, before the first pick. Long work is also submitted, in parts.
   *
   * @throws aborted between submits when the signal fires.
   */
  begin(commands: Commands, signal?: AbortSignal): Promise<void>;
  /** Encodes what this step's scores need before its pick. */
  score(commands: Commands, step: number): void;
  /** Encodes what the pick calls for: its Gram row, or its outputs. */
  take(commands: Commands): void;
  /** Whether `take` leaves the pick's Gram row in the cache for the rule. */
  readonly bringsRows: boolean;
  /** Passes over the activations of `picks` picks, given those that the state counted. */
  passes(picks: number, counted: number): number;
}

export interface OracleContext {
  readonly device: Device;
  readonly scope: Scope;
  readonly problem: SelectionProblem;
  readonly buffers: SelectionBuffers;
  /** p, the Gram rows of one pass. */
  readonly block: number;
  /** Whether the rows that come with a pick's are those that a lookahead asks for. */
  readonly lookahead: boolean;
  readonly replacement: boolean;
  /** Scores judge a single neuron with its best weight instead of weight 1. */
  readonly fitted: boolean;
}

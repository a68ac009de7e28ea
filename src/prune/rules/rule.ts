import type { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import type { Matrix } from '../../gpu/matrix.js';
import type { Scope } from '../../gpu/scope.js';
import { namedProducts, TRACE } from '../../kernels/pick.js';
import type { SelectionBuffers } from '../buffers.js';

/** How the chosen neurons are weighted. */
export interface Rule {
  /** Whether a single neuron is judged with its best weight. */
  readonly fitted: boolean;
  /** Whether there comes a point from which no pick changes anything. */
  readonly stalls: boolean;
  /** Whether later picks can be foreseen from the scores as `lookahead` plays them on. */
  readonly foreseeable: boolean;
  /** What the rule's updates keep on the GPU, and the update that follows each pick. */
  prepare(context: RuleContext): Promise<RuleState>;
  /** What the picks and their traces say, in float64. */
  replay(history: History): Replay;
}

export interface RuleContext {
  readonly device: Device;
  readonly scope: Scope;
  readonly weights: Matrix;
  readonly buffers: SelectionBuffers;
  /** k. */
  readonly picks: number;
}

export interface RuleState {
  /** Encodes taking in the pick of `step`, whose Gram row the cache holds. */
  update(commands: Commands, step: number): void;
  /** Reads what `shares` needs besides the history. */
  read(): Promise<Float32Array | undefined>;
}

/** The picks made, with what was noted of each when it was chosen. */
export interface History {
  readonly picks: Uint32Array;
  /** N. */
  readonly width: number;
  /** m. */
  readonly examples: number;
  /** [k × TRACE.words] */
  readonly trace: Float32Array;
  /** ⟨y, y⟩ */
  readonly energy: number;
}

export interface Replay {
  /** ‖f_S − y‖² after each pick, as the scores imply it. */
  readonly residual: Float64Array;
  /** The first pick that improved nothing, or k. */
  readonly stalled: number;
  /**
   * Shares after each pick [k × n] over the n distinct neurons in order of first selection.
   *
   * @param state what `RuleState.read` gave.
   */
  shares(state: Float32Array | undefined): Float64Array;
}

/** One pick's entry of the trace: its score, and its inner products by the names of its rule. */
export function readTrace<Name extends string>(
  { trace }: History,
  step: number,
  words: Readonly<Record<Name, number>>,
): { readonly score: number } & Readonly<Record<Name, number>> {
  const at = step * TRACE.words;
  const score = trace[at + TRACE.score] ?? Number.NaN;
  return { score, ...namedProducts(words, trace, at + TRACE.innerProducts) };
}

/** The distinct neurons in order of first selection, and each pick's place among them. */
export function distinctPicks(picks: Uint32Array): {
  readonly kept: Uint32Array;
  readonly places: Uint32Array;
} {
  const known = new Map<number, number>();
  const places = picks.map((neuron) => {
    const place = known.get(neuron) ?? known.size;
    known.set(neuron, place);
    return place;
  });
  return { kept: Uint32Array.from(known.keys()), places };
}

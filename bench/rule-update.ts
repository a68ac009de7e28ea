import type { Scope } from '../src/gpu/scope.js';
import { SELECTION_STATE, TRACE } from '../src/kernels/argmin.js';
import type { RuleUpdate } from '../src/kernels/average-update.js';
import type { RuleUpdateProblem } from '../src/reference/average-update.js';
import { elementsOf } from '../src/reference/element.js';
import { randomNumbers } from './numbers.js';

export type RuleUpdateShape = { readonly n: number; readonly c: number; readonly step: number };

/** What every rule's update works on, for a pick in mid-selection whose row is cached. */
export interface RuleOperands {
  readonly buffers: RuleUpdate;
  readonly problem: RuleUpdateProblem;
  readonly scores: Float32Array;
  readonly picked: readonly [number, number, number, number];
}

export function ruleOperands(scope: Scope, { n, c, step }: RuleUpdateShape): RuleOperands {
  const pick = n - 1;
  const row = randomNumbers(n, 1);
  const b = randomNumbers(n * c, 2);
  const scores = randomNumbers(n, 3);
  // Norms are positive, as they are in a selection.
  const moments = randomNumbers(n * 4, 4).map((x, at) => (at % 2 === 1 ? 4 + x : x));
  const picked = [0.5, 4, 0.25, 3] as const;
  const state = new Uint32Array(SELECTION_STATE.candidates + 1);
  state[SELECTION_STATE.pick] = pick;
  const trace = new Float32Array((step + 1) * TRACE.words);
  trace.set(picked, step * TRACE.words + TRACE.moments);
  return {
    buffers: {
      state: scope.bufferOf('selection state', state),
      trace: scope.bufferOf('selection trace', trace),
      weights: scope.matrix('weights', n, c, b),
      cache: scope.bufferOf('gram row cache', row),
      moments: scope.bufferOf('moments', moments),
      scores: scope.bufferOf('scores', scores),
    },
    problem: {
      n,
      outputs: c,
      pick,
      weights: elementsOf(b, c),
      row: (i) => row[i] ?? Number.NaN,
      moments: elementsOf(moments, 4),
    },
    scores,
    picked,
  };
}

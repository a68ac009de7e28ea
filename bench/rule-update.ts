import type { Scope } from '../src/gpu/scope.js';
import type { RuleUpdate } from '../src/kernels/average-update.js';
import { CORRECTIVE_WORDS } from '../src/kernels/corrective-update.js';
import { INNER_PRODUCTS, namedProducts, SELECTION_STATE, TRACE } from '../src/kernels/pick.js';
import type { RuleUpdateProblem } from '../src/reference/average-update.js';
import { rowMajor } from '../src/reference/element.js';
import { randomNumbers } from './numbers.js';

export type RuleUpdateShape = { readonly n: number; readonly c: number; readonly step: number };

/** What every rule's update works on, for a pick in mid-selection whose row is cached. */
export interface RuleOperands<Name extends string> {
  readonly buffers: RuleUpdate;
  readonly problem: RuleUpdateProblem<Name>;
  readonly scores: Float32Array;
  readonly picked: Readonly<Record<Name, number>>;
}

/** Norms are positive, as they are in a selection, and less outside the picks' span. */
const PICKED = { correlation: 0.5, energy: 4, remaining: 0.25, outside: 3 } as const;

/** @param words those of the rule. */
export function ruleOperands<Name extends keyof typeof CORRECTIVE_WORDS>(
  scope: Scope,
  { n, c, step }: RuleUpdateShape,
  words: Readonly<Record<Name, number>>,
): RuleOperands<Name> {
  const pick = n - 1;
  const row = randomNumbers(n, 1);
  const b = randomNumbers(n * c, 2);
  const scores = randomNumbers(n, 3);
  const norms: readonly number[] = [CORRECTIVE_WORDS.energy, CORRECTIVE_WORDS.outside];
  const innerProducts = randomNumbers(n * INNER_PRODUCTS, 4).map((x, at) =>
    norms.includes(at % INNER_PRODUCTS) ? 4 + x : x,
  );
  const state = new Uint32Array(SELECTION_STATE.candidates + 1);
  state[SELECTION_STATE.pick] = pick;
  const trace = new Float32Array((step + 1) * TRACE.words);
  const names = Object.keys(CORRECTIVE_WORDS) as (keyof typeof CORRECTIVE_WORDS)[];
  for (const name of names) {
    trace[step * TRACE.words + TRACE.innerProducts + CORRECTIVE_WORDS[name]] = PICKED[name];
  }
  return {
    buffers: {
      state: scope.bufferFrom('selection state', state),
      trace: scope.bufferFrom('selection trace', trace),
      weights: scope.matrix('weights', [n, c], { data: b }),
      cache: scope.bufferFrom('gram row cache', row),
      innerProducts: scope.bufferFrom('inner products', innerProducts),
      scores: scope.bufferFrom('scores', scores),
    },
    problem: {
      n,
      outputs: c,
      pick,
      weights: rowMajor(b, c),
      row: (i) => row[i] ?? Number.NaN,
      known: (i) => namedProducts(words, innerProducts, i * INNER_PRODUCTS),
    },
    scores,
    picked: PICKED,
  };
}

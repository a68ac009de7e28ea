import { EspalierError } from '../errors.js';
import type { LossKind } from '../kernels/candidate-loss.js';
import type { ErrorDetails, Relation } from '../wording.js';

/** Ways to choose neurons of a trained network. */
export const METHODS = [
  'greedy',
  'random',
  'magnitude',
  'activation',
  'gradient',
  'backward',
] as const;
export type MethodName = (typeof METHODS)[number];

/** How greedy selection weighs its picks. */
export const RULE_NAMES = ['average', 'line-search', 'corrective'] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** Where the scores of the candidates come from. */
export const ORACLES = ['rows', 'gram', 'direct'] as const;
export type OracleName = (typeof ORACLES)[number];

/** What of a subnetwork is fitted to the targets once it is chosen: see `refitOutputs`. */
export const REFITS = ['none', 'scale', 'weights'] as const;
export type RefitName = (typeof REFITS)[number];

/** What decides a selection, by the keys of a configuration. */
export interface Choices {
  /** `scratch` selects nothing: it trains a network of as many neurons as there are picks. */
  readonly method: MethodName | 'scratch';
  readonly rule: RuleName;
  readonly loss: LossKind;
  readonly refit: RefitName;
  readonly replacement: boolean;
  readonly picks: number;
  readonly targetLoss: number;
  readonly targetFraction: number;
  readonly untilStalled: boolean;
  readonly candidates: number;
  readonly selectionBatch: number;
  readonly oracle: OracleName;
  readonly block: number;
  /** N, m and C of the network and the data. */
  readonly width: number;
  readonly examples: number;
  readonly outputs: number;
}

/** Some of the choices: what is absent is not decided, and goes with everything. */
export type SomeChoices = { readonly [Key in keyof Choices]?: Choices[Key] | undefined };

type Key = keyof Choices;

interface Row {
  readonly key: Key;
  /** The values of the key that the row is about; all that are given where it has none. */
  readonly values?: readonly unknown[];
  /** The row holds only then. */
  readonly when?: (choices: SomeChoices) => boolean;
  readonly with: Key;
  /** Values of the other key that it goes with, or what it has to be beside them. */
  readonly goes: readonly unknown[] | Relation;
  readonly because: string;
}

/** What only greedy selection has a use for, besides the rule. */
const GREEDY_ONLY = [
  'targetLoss',
  'targetFraction',
  'untilStalled',
  'candidates',
  'selectionBatch',
  'oracle',
  'block',
] as const satisfies readonly Key[];

const BY_LEAST_SQUARES = ['line-search', 'corrective'] as const satisfies readonly RuleName[];

/**
 * What goes with what in a selection, said here and nowhere else. What has no row goes with
 * everything: `storage` does.
 */
const TABLE: readonly Row[] = [
  ...GREEDY_ONLY.map(
    (key): Row => ({
      key,
      with: 'method',
      goes: ['greedy'],
      because: 'the others have no use for it',
    }),
  ),
  {
    key: 'rule',
    values: BY_LEAST_SQUARES,
    with: 'method',
    goes: ['greedy'],
    because: 'the others have no rules',
  },
  {
    key: 'rule',
    values: BY_LEAST_SQUARES,
    with: 'loss',
    goes: ['squared'],
    because: 'its weights are those of least squares',
  },
  {
    key: 'refit',
    values: ['scale', 'weights'],
    with: 'loss',
    goes: ['squared'],
    because: 'it is by least squares',
  },
  {
    key: 'method',
    values: ['backward'],
    with: 'loss',
    goes: ['squared'],
    because: 'it eliminates by the Gram matrix',
  },
  {
    key: 'loss',
    values: ['cross-entropy'],
    with: 'outputs',
    goes: 'several',
    because: 'it compares several outputs',
  },
  {
    key: 'oracle',
    values: ['direct'],
    with: 'rule',
    goes: ['average'],
    because: 'other rules take their weights from Gram rows',
  },
  {
    key: 'oracle',
    values: ['rows', 'gram'],
    with: 'loss',
    goes: ['squared'],
    because: 'the cross-entropy has no Gram matrix',
  },
  {
    key: 'selectionBatch',
    with: 'oracle',
    goes: ['direct'],
    because: 'a minibatch has no Gram matrix',
  },
  {
    key: 'selectionBatch',
    with: 'rule',
    goes: ['average'],
    because: 'other rules weigh by all examples',
  },
  {
    key: 'selectionBatch',
    with: 'examples',
    goes: 'no more',
    because: 'no example counts twice',
  },
  {
    key: 'block',
    with: 'oracle',
    goes: ['rows'],
    because: 'the others compute no Gram rows by the block',
  },
  {
    key: 'block',
    with: 'loss',
    goes: ['squared'],
    because: 'the cross-entropy has no Gram rows',
  },
  {
    key: 'block',
    with: 'selectionBatch',
    goes: [],
    because: 'a minibatch has no Gram rows',
  },
  { key: 'block', with: 'width', goes: 'no more', because: 'there are no more Gram rows' },
  { key: 'candidates', with: 'width', goes: 'no more', because: 'there are no more neurons' },
  {
    key: 'candidates',
    when: ({ replacement }) => replacement === false,
    with: 'picks',
    goes: 'no fewer',
    because: 'without replacement they can run out',
  },
  {
    key: 'picks',
    when: ({ replacement }) => replacement === false,
    with: 'width',
    goes: 'no more',
    because: 'without replacement no neuron is picked twice',
  },
  {
    key: 'picks',
    when: ({ method }) => method !== undefined && method !== 'greedy' && method !== 'scratch',
    with: 'width',
    goes: 'no more',
    because: 'of the methods only greedy picks a neuron twice',
  },
];

/** Two choices that do not go together, as the details of an error. */
export type Conflict = Extract<ErrorDetails, { readonly kind: 'conflict' }>;

/** The first two of the choices that do not go together, each right for itself. */
export function conflictIn(choices: SomeChoices): Conflict | undefined {
  for (const { key, values, when, with: other, goes, because } of TABLE) {
    const [given, value] = [choices[key], choices[other]];
    // What is switched off asks for nothing.
    if (given === undefined || given === false || value === undefined) continue;
    if (values?.includes(given) === false || when?.(choices) === false) continue;
    if (!goTogether(given, value, goes)) {
      return { kind: 'conflict', key, given, with: other, value, allowed: goes, because };
    }
  }
  return undefined;
}

function goTogether(given: unknown, value: unknown, goes: Row['goes']): boolean {
  switch (goes) {
    case 'no more':
      return Number(given) <= Number(value);
    case 'no fewer':
      return Number(given) >= Number(value);
    case 'several':
      return Number(value) > 1;
    default:
      return goes.includes(value);
  }
}

/** @throws bad-config when two of the choices do not go together. */
export function requireTogether(choices: SomeChoices): void {
  const conflict = conflictIn(choices);
  if (conflict) throw new EspalierError('bad-config', conflict);
}

/** Choices less what only greedy selection has a use for. */
export function exceptGreedyOnly<Given extends object>(
  choices: Given,
): Omit<Given, (typeof GREEDY_ONLY)[number] | 'rule'> {
  const useless: readonly string[] = [...GREEDY_ONLY, 'rule'];
  const useful = Object.entries(choices).filter(([key]) => !useless.includes(key));
  return Object.fromEntries(useful) as Omit<Given, (typeof GREEDY_ONLY)[number] | 'rule'>;
}

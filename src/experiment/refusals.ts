import type { z } from 'zod';
import { type Task, taskOutputs } from '../data/tasks.js';
import { SQUARED_ONLY } from '../prune/methods.js';

type Several<Value> = Value | readonly Value[];

/** What decides how neurons are chosen; studies and comparisons may have several values of some. */
export interface Choices {
  readonly picks: Several<number>;
  readonly width: Several<number>;
  readonly method: Several<string>;
  readonly rule: Several<string>;
  readonly replacement: boolean;
  readonly loss: string;
  readonly task: Task;
  readonly examples?: number;
  readonly targetLoss?: number | undefined;
  readonly targetFraction?: number | undefined;
  readonly untilStalled?: boolean;
  readonly candidates?: number | undefined;
  readonly selectionBatch?: number | undefined;
  readonly oracle?: string | undefined;
  readonly block?: number | undefined;
}

interface Refusal {
  readonly path: keyof Choices;
  /** What is wrong, said after the flag and its value. */
  readonly error: string | ((choices: Choices) => string);
  readonly allows: (choices: Choices) => boolean;
}

/** What only greedy selection has use for. */
const GREEDY_ONLY = [
  'targetLoss',
  'targetFraction',
  'untilStalled',
  'candidates',
  'selectionBatch',
  'oracle',
  'block',
] as const satisfies readonly (keyof Choices)[];

/** Choices that do not go together, of which each may be right for itself. */
const REFUSALS: readonly Refusal[] = [
  {
    path: 'picks',
    error: 'must not be larger than the width without replacement',
    allows: (choices) => choices.replacement || fits(choices),
  },
  {
    path: 'picks',
    error: 'must not be larger than the width: of the methods only greedy picks a neuron again',
    allows: (choices) =>
      all(choices.method).every((name) => name === 'greedy' || name === 'scratch') || fits(choices),
  },
  {
    path: 'loss',
    error: ({ task }) => `needs several outputs, as --task digits has, and --task ${task} has one`,
    allows: ({ loss, task }) => loss !== 'cross-entropy' || taskOutputs(task) > 1,
  },
  {
    path: 'loss',
    error: (choices) => `does not go with ${squaredOnly(choices)}, which goes by the squared loss`,
    allows: (choices) => choices.loss === 'squared' || squaredOnly(choices) === undefined,
  },
  ...GREEDY_ONLY.map(
    (path): Refusal => ({
      path,
      error: 'must be left out: of the methods only greedy has use for it',
      allows: (choices) => !choices[path] || all(choices.method).includes('greedy'),
    }),
  ),
  {
    path: 'rule',
    error: 'must be left out: of the methods only greedy has rules',
    allows: ({ method, rule }) =>
      all(method).includes('greedy') || all(rule).every((name) => name === 'average'),
  },
  {
    path: 'candidates',
    error: 'must not be larger than the width',
    allows: ({ candidates = 1, width }) => candidates <= Math.min(...all(width)),
  },
  {
    path: 'candidates',
    error: 'must not be fewer than the picks without replacement, or they can run out',
    allows: ({ candidates, picks, replacement }) =>
      replacement || candidates === undefined || candidates >= Math.max(...all(picks)),
  },
  {
    path: 'selectionBatch',
    error: 'must not be larger than the examples',
    allows: ({ selectionBatch = 1, examples = selectionBatch }) => selectionBatch <= examples,
  },
  {
    path: 'selectionBatch',
    error: 'does not go with a rule other than average',
    allows: (choices) => choices.selectionBatch === undefined || onlyAverages(choices),
  },
  {
    path: 'oracle',
    error: 'does not go with a rule other than average: take rows or gram',
    allows: (choices) => choices.oracle !== 'direct' || onlyAverages(choices),
  },
  {
    path: 'oracle',
    error:
      'does not go with --loss cross-entropy or --selection-batch, whose oracle is always direct',
    allows: ({ oracle = 'direct', loss, selectionBatch }) =>
      oracle === 'direct' || (loss === 'squared' && selectionBatch === undefined),
  },
  {
    path: 'block',
    error: 'must not be larger than the width: there are no more Gram rows',
    allows: ({ block = 1, width }) => block <= Math.min(...all(width)),
  },
  {
    path: 'block',
    error: ({ oracle }) => `does not go with --oracle ${oracle}: only --oracle rows has blocks`,
    allows: ({ oracle = 'rows', block }) => block === undefined || oracle === 'rows',
  },
  {
    path: 'block',
    error: 'does not go with --loss cross-entropy or --selection-batch, which use no Gram rows',
    allows: ({ block, loss, selectionBatch }) =>
      block === undefined || (loss === 'squared' && selectionBatch === undefined),
  },
];

/** The schema with what does not go together refused. */
export function withRefusals<Output extends Choices, Schema extends z.ZodType<Output>>(
  schema: Schema,
): Schema {
  return REFUSALS.reduce(
    (refined, refusal) =>
      refined.refine(refusal.allows, {
        path: [refusal.path],
        error: ({ input }) => reasonOf(refusal, input as Choices),
      }),
    schema,
  );
}

/** The first of the choices that does not go with the others, and why. */
export function refusalOf(
  choices: Choices,
): { readonly path: keyof Choices; readonly reason: string } | undefined {
  const refusal = REFUSALS.find(({ allows }) => !allows(choices));
  return refusal && { path: refusal.path, reason: reasonOf(refusal, choices) };
}

function reasonOf({ error }: Refusal, choices: Choices): string {
  return typeof error === 'string' ? error : error(choices);
}

/** The first choice that goes by the squared loss and by no other. */
function squaredOnly(choices: Choices): string | undefined {
  const chosen = [...rulesOf(choices), ...all(choices.method)];
  return chosen.find((name) => SQUARED_ONLY.includes(name));
}

/** Choices less what only greedy selection has use for. */
export function exceptGreedyOnly<Given extends object>(
  choices: Given,
): Omit<Given, (typeof GREEDY_ONLY)[number] | 'rule'> {
  const useless: readonly string[] = [...GREEDY_ONLY, 'rule'];
  const useful = Object.entries(choices).filter(([key]) => !useless.includes(key));
  return Object.fromEntries(useful) as Omit<Given, (typeof GREEDY_ONLY)[number] | 'rule'>;
}

function all<Value>(values: Several<Value>): readonly Value[] {
  return [values].flat() as Value[];
}

function fits({ picks, width }: Choices): boolean {
  return Math.max(...all(picks)) <= Math.min(...all(width));
}

/** The rules that neurons are picked by: only greedy selection has one. */
export function rulesOf({ method, rule }: Pick<Choices, 'method' | 'rule'>): readonly string[] {
  return all(method).includes('greedy') ? all(rule) : [];
}

function onlyAverages(choices: Choices): boolean {
  return rulesOf(choices).every((rule) => rule === 'average');
}

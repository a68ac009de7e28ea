import type { z } from 'zod';
import { outputsOf, type Task } from '../data/tasks.js';
import { SQUARED_ONLY } from '../prune/methods.js';

type Several<Value> = Value | readonly Value[];

/** What decides how neurons are chosen; studies and comparisons may have several values of some. */
export interface Choices {
  readonly neurons: Several<number>;
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
  readonly error: string;
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
export const REFUSALS: readonly Refusal[] = [
  {
    path: 'neurons',
    error: 'without replacement must not be larger than the width',
    allows: (choices) => choices.replacement || fits(choices),
  },
  {
    path: 'neurons',
    error: 'must not be larger than the width: of the methods only greedy picks a neuron again',
    allows: (choices) =>
      all(choices.method).every((name) => name === 'greedy' || name === 'scratch') || fits(choices),
  },
  {
    path: 'loss',
    error: 'must be squared unless the task has several outputs, as --task digits has',
    allows: ({ loss, task }) => loss !== 'cross-entropy' || outputsOf(task) > 1,
  },
  {
    path: 'loss',
    error: `must be squared with any of ${SQUARED_ONLY.join(', ')}`,
    allows: (choices) =>
      choices.loss === 'squared' ||
      ![...all(choices.method), ...rulesOf(choices)].some((name) => SQUARED_ONLY.includes(name)),
  },
  ...GREEDY_ONLY.map(
    (path): Refusal => ({
      path,
      error: 'must be left out: of the methods only greedy has use for it',
      allows: (choices) => !choices[path] || all(choices.method).includes('greedy'),
    }),
  ),
  {
    path: 'candidates',
    error: 'must not be larger than the width',
    allows: ({ candidates = 1, width }) => candidates <= Math.min(...all(width)),
  },
  {
    path: 'candidates',
    error: 'without replacement must not be fewer than the picks, or they can run out',
    allows: ({ candidates, neurons, replacement }) =>
      replacement || candidates === undefined || candidates >= Math.max(...all(neurons)),
  },
  {
    path: 'selectionBatch',
    error: 'must not be larger than the examples',
    allows: ({ selectionBatch = 1, examples = selectionBatch }) => selectionBatch <= examples,
  },
  {
    path: 'selectionBatch',
    error: 'must be left out with a rule other than average',
    allows: (choices) => choices.selectionBatch === undefined || onlyAverages(choices),
  },
  {
    path: 'oracle',
    error: 'must be rows or gram with a rule other than average',
    allows: (choices) => choices.oracle !== 'direct' || onlyAverages(choices),
  },
  {
    path: 'oracle',
    error: 'must be direct with --loss cross-entropy or --selection-batch',
    allows: ({ oracle = 'direct', loss, selectionBatch }) =>
      oracle === 'direct' || (loss === 'squared' && selectionBatch === undefined),
  },
  {
    path: 'block',
    error: 'goes with --oracle rows only',
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
    (refined, { path, error, allows }) => refined.refine(allows, { path: [path], error }),
    schema,
  );
}

/** Choices less what only greedy selection has use for. */
export function exceptGreedyOnly<Given extends object>(
  choices: Given,
): Omit<Given, (typeof GREEDY_ONLY)[number]> {
  const useless: readonly string[] = GREEDY_ONLY;
  const useful = Object.entries(choices).filter(([key]) => !useless.includes(key));
  return Object.fromEntries(useful) as Omit<Given, (typeof GREEDY_ONLY)[number]>;
}

function all<Value>(values: Several<Value>): readonly Value[] {
  return [values].flat() as Value[];
}

function fits({ neurons, width }: Choices): boolean {
  return Math.max(...all(neurons)) <= Math.min(...all(width));
}

/** The rules that neurons are picked by: only greedy selection has one. */
export function rulesOf({ method, rule }: Pick<Choices, 'method' | 'rule'>): readonly string[] {
  return all(method).includes('greedy') ? all(rule) : [];
}

function onlyAverages(choices: Choices): boolean {
  return rulesOf(choices).every((rule) => rule === 'average');
}

import { z } from 'zod';
import { TASKS, type Task, taskOutputs } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { STORAGE_FORMATS } from '../half.js';
import { ACTIVATIONS } from '../models/two-layer.js';
import {
  conflictIn,
  METHODS,
  ORACLES,
  REFITS,
  RULE_NAMES,
  type SomeChoices,
} from '../prune/choices.js';
import type { Settings } from '../wording.js';

export const count = (least: number) =>
  z.int({ error: `a whole number from ${least} on` }).min(least, {
    error: `a whole number from ${least} on`,
  });
const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `one of ${values.join(', ')}` });

export const rate = () =>
  z.number({ error: 'a finite number above 0' }).positive({ error: 'a finite number above 0' });

const word = (error: string) => z.string({ error }).min(1, { error });

const flag = () => z.boolean({ error: 'true or false' });

/** The keys of a run with their defaults, each for itself. Errors say what a value must be. */
export const runSchema = z.strictObject({
  data: word('"mnist" or a folder').default('mnist'),
  task: choice(TASKS).default('below-five'),
  examples: count(1).default(1000),
  width: count(1).default(256),
  activation: choice(ACTIVATIONS).default('tanh'),
  iterations: count(0).default(500),
  batch: z
    .union([z.literal('full'), count(1)], {
      error: '"full" or a whole number from 1 on',
    })
    .default(128),
  learningRate: rate().default(1),
  momentum: z
    .number({ error: 'a number from 0 to below 1' })
    .min(0, { error: 'a number from 0 to below 1' })
    .lt(1, { error: 'a number from 0 to below 1' })
    .default(0),
  pruneEvery: count(0).default(0),
  picks: count(1).default(100),
  method: choice([...METHODS, 'scratch']).default('greedy'),
  rule: choice(RULE_NAMES).default('average'),
  replacement: flag().default(true),
  loss: choice(['squared', 'cross-entropy']).default('squared'),
  /** Of the subnetwork's output weights, before it is fine-tuned. */
  refit: choice(REFITS).default('none'),
  /**
   * Stops at the first training loss at or under this one, or this share of the dense one's; of
   * both, the lower.
   */
  targetLoss: rate().optional(),
  targetFraction: rate().optional(),
  untilStalled: flag().default(false),
  /** Random candidates, and random examples, that each step looks at; all of them by default. */
  candidates: count(1).optional(),
  selectionBatch: count(1).optional(),
  /** What the planner chooses by itself. */
  oracle: choice(ORACLES).optional(),
  block: count(1).optional(),
  streamActivations: flag().default(false),
  /** Of the activations that picks are chosen by; f16 is rounded, see `hiddenActivations`. */
  storage: choice(STORAGE_FORMATS).default('f32'),
  fineTune: count(0).default(200),
  /** A quarter of `learningRate` when it is not given; see `fineTuneRate`. */
  fineTuneLearningRate: rate().optional(),
  /** Also trains what the subnetwork is compared with, for as many steps: see `RunSummary`. */
  controls: flag().default(true),
  seed: z.int({ error: 'a whole number within ±(2^53 − 1)' }).default(0),
  host: choice(['auto', 'node', 'chrome']).default('auto'),
  adapter: choice(['auto', 'hardware', 'software']).default('auto'),
  tuning: choice(['kept', 'fixed']).default('kept'),
  out: word('a path').optional(),
});

/**
 * Everything that decides a run.
 *
 * @interface
 */
export type RunConfig = z.infer<typeof runSchema>;

/**
 * η of fine-tuning. A selected neuron carries the weight of all its picks in one b_s, which makes
 * the subnetwork's steps longer than those of the network it came from: at the η of pre-training
 * the loss first rises, as it does for full-batch descent past its stable step.
 */
export function fineTuneRate({
  fineTuneLearningRate,
  learningRate,
}: Pick<RunConfig, 'fineTuneLearningRate' | 'learningRate'>): number {
  return fineTuneLearningRate ?? learningRate / 4;
}

/**
 * The iterations after which a run stops to look: 0, every `every`th, and the last. `every` = 0
 * means only the first weights and the last.
 */
export function checkpointIterations(iterations: number, every: number): readonly number[] {
  const checkpoints = new Set([0]);
  if (every > 0) {
    for (let iteration = every; iteration < iterations; iteration += every) {
      checkpoints.add(iteration);
    }
  }
  return [...checkpoints.add(iterations)];
}

/** Each is a pruning, a file and a line: nobody waits for more. */
const MOST_CHECKPOINTS = 100_000;

/** How many `checkpointIterations` there are, however many. */
export function checkpointCount(iterations: number, every: number): number {
  if (iterations === 0) return 1;
  return every > 0 ? Math.ceil(iterations / every) + 1 : 2;
}

/** @throws bad-config when there would be more checkpoints than anyone waits for. */
export function requireCheckpoints({
  iterations,
  pruneEvery,
}: Pick<RunConfig, 'iterations' | 'pruneEvery'>): void {
  if (checkpointCount(iterations, pruneEvery) <= MOST_CHECKPOINTS) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'pruneEvery',
    given: pruneEvery,
    allowed: `${Math.ceil(iterations / (MOST_CHECKPOINTS - 1))} or more`,
    because: `${iterations} iterations would have more than ${MOST_CHECKPOINTS} checkpoints`,
  });
}

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseRunConfig(given: unknown): RunConfig {
  const config = parseWith(runSchema, given);
  requireCheckpoints(config);
  requireWays([config], { task: config.task, given });
  return config;
}

/**
 * Parses a configuration by a command's schema: each key for itself.
 *
 * @param usual what stands for keys that are not given, before the schema's own defaults.
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseWith<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
  usual: Settings = {},
): z.infer<Schema> {
  if (!isRecord(given)) {
    throw new EspalierError('bad-config', 'A configuration must be one object with keys.');
  }
  const parsed = schema.safeParse({ ...usual, ...given });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = Object.keys(schema.shape);
    throw new EspalierError('bad-config', { kind: 'unknown-key', key, known });
  }
  // A list is named as a whole: its flag takes one value.
  const key = String(issue?.path[0] ?? '');
  const allowed = issue?.message ?? '';
  throw new EspalierError('bad-config', { kind: 'value', key, given: given[key], allowed });
}

/**
 * Of several keys, one at most may be given.
 *
 * @throws bad-config naming two that are.
 */
export function requireOneOf<Config>(
  config: Config,
  keys: readonly (keyof Config & string)[],
  because: string,
): void {
  const [one, other] = keys.filter((key) => config[key] !== undefined);
  if (one === undefined || other === undefined) return;
  throw new EspalierError('bad-config', {
    kind: 'conflict',
    key: one,
    given: config[one],
    with: other,
    value: config[other],
    allowed: [],
    because,
  });
}

/** A setting of a command: its key and a value. */
export type Setting = readonly [key: string, value: unknown];

interface Configured {
  /** It decides the number of outputs. */
  readonly task: Task;
  /** The configuration as it was given: what is not in it is a default. */
  readonly given?: unknown;
  /** The setting by which a command says a choice, where that is not the choice itself. */
  readonly settingFor?: (...choice: Setting) => Setting;
}

/** @throws bad-config naming the first two choices that do not go together in one of the ways. */
export function requireWays(
  ways: readonly SomeChoices[],
  { task, given, settingFor = (...choice) => choice }: Configured,
): void {
  for (const way of ways) {
    const found = conflictIn({ ...way, outputs: taskOutputs(task) });
    if (!found) continue;
    const conflict =
      found.with === 'outputs' ? { ...found, ...TASK_FOR_OUTPUTS, value: task } : found;
    const [key, own] = settingFor(conflict.key, conflict.given);
    const [other, value] = settingFor(conflict.with, conflict.value);
    const allowed =
      typeof conflict.allowed === 'string'
        ? conflict.allowed
        : conflict.allowed.map((each) => settingFor(conflict.with, each)[1]);
    const defaults = isRecord(given)
      ? [key, other].filter((each) => given[each] === undefined)
      : [];
    throw new EspalierError('bad-config', {
      ...conflict,
      key,
      given: own,
      with: other,
      value,
      allowed,
      defaults,
    });
  }
}

/** A configuration says by its task how many outputs there are. */
const TASK_FOR_OUTPUTS = {
  with: 'task',
  allowed: TASKS.filter((task) => taskOutputs(task) > 1),
} as const;

/** Whether it is an object with keys. */
export function isRecord(given: unknown): given is Settings {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

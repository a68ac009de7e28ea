import { z } from 'zod';
import { TASKS } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { STORAGE_FORMATS } from '../gpu/matrix.js';
import { ACTIVATIONS } from '../models/two-layer.js';
import { METHODS } from '../prune/methods.js';
import { ORACLES } from '../prune/plan.js';
import { type Choices, refusalOf, withRefusals } from './refusals.js';

export const count = (least: number) =>
  z.int({ error: `must be a whole number from ${least} on` }).min(least, {
    error: `must be a whole number from ${least} on`,
  });
const choice = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, { error: `must be one of ${values.join(', ')}` });

export const rate = () =>
  z
    .number({ error: 'must be a finite number above 0' })
    .positive({ error: 'must be a finite number above 0' });

const flag = () => z.boolean({ error: 'must be true or false' });

/** The keys of a run with their defaults, each for itself. */
export const runShape = z.strictObject({
  data: z.string({ error: 'must be "mnist" or a folder' }).min(1).default('mnist'),
  task: choice(TASKS).default('below-five'),
  examples: count(1).default(1000),
  width: count(1).default(256),
  activation: choice(ACTIVATIONS).default('tanh'),
  iterations: count(0).default(500),
  batch: z
    .union([z.literal('full'), count(1)], {
      error: 'must be "full" or a whole number from 1 on',
    })
    .default(128),
  learningRate: rate().default(1),
  momentum: z
    .number({ error: 'must be a number from 0 to below 1' })
    .min(0, { error: 'must be a number from 0 to below 1' })
    .lt(1, { error: 'must be a number from 0 to below 1' })
    .default(0),
  pruneEvery: count(0).default(0),
  picks: count(1).default(100),
  method: choice([...METHODS, 'scratch']).default('greedy'),
  rule: choice(['average', 'line-search', 'corrective']).default('average'),
  replacement: flag().default(true),
  loss: choice(['squared', 'cross-entropy']).default('squared'),
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
  seed: z.int({ error: 'must be a whole number within ±(2^53 − 1)' }).default(0),
  host: choice(['auto', 'node', 'chrome']).default('auto'),
  adapter: choice(['auto', 'hardware', 'software']).default('auto'),
  tuning: choice(['kept', 'fixed']).default('kept'),
  out: z.string({ error: 'must be a path' }).min(1).optional(),
});

/** Everything that decides a run. The command line's flags are these keys in kebab case. */
export const runSchema = withRefusals(runShape);

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

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseRunConfig(given: unknown): RunConfig {
  return parseWith(runSchema, given);
}

/**
 * The choices of a comparison: sizes and methods are flags of its own, all else that may not go
 * together can only come from a configuration file.
 *
 * @throws bad-config naming the first choice that does not go with the others.
 */
export function requireTogether(choices: Choices): void {
  const refusal = refusalOf(choices);
  if (!refusal) return;
  const { path, reason } = refusal;
  const helped = refusalOf({ ...choices, method: 'greedy', rule: 'average' })?.path !== path;
  const value = valueText(choices[path]);
  throw new EspalierError(
    'bad-config',
    path === 'picks'
      ? `--sizes ${value} ${reason}.`
      : `The configuration key "${path}" (${value}) ${reason}.${helped ? ' Name other --methods, or another value.' : ''}`,
  );
}

/**
 * As `parseRunConfig`, for any command's schema.
 *
 * @param usual what stands for keys that are not given, before the schema's own defaults.
 */
export function parseWith<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
  usual: Readonly<Record<string, unknown>> = {},
): z.infer<Schema> {
  const parsed = schema.safeParse(isRecord(given) ? { ...usual, ...given } : given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const known = Object.keys(schema.shape).join(', ');
    throw new EspalierError(
      'bad-config',
      `Unknown configuration key "${issue.keys[0]}". The keys are ${known}.`,
    );
  }
  // A list is named as a whole: its flag takes one value.
  const key = String(issue?.path[0] ?? '');
  if (!key || !isRecord(given)) {
    throw new EspalierError(
      'bad-config',
      `The configuration ${issue?.message}, not ${textOf(given)}.`,
    );
  }
  const name = `configuration key "${key}"`;
  // Choices that do not go together may be named by the one that nobody made.
  const byDefault = given[key] === undefined ? ', by default' : '';
  const used = given[key] ?? usual[key] ?? schema.shape[key]?.safeParse(undefined).data;
  throw new EspalierError(
    'bad-config',
    issue?.code === 'custom'
      ? `${flagOf(key)} ${valueText(used)} (${name}${byDefault}) ${issue.message}.`
      : `${flagOf(key)} (${name}) ${issue?.message}, not ${textOf(given[key])}.`,
  );
}

/** `learningRate` → `--learning-rate`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/** As the command line takes it. */
function valueText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function textOf(value: unknown): string {
  // JSON has no word for NaN and would print null.
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
}

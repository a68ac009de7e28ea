import { z } from 'zod';
import { EspalierError } from '../errors.js';
import {
  checkpointCount,
  count,
  isRecord,
  parseWith,
  rate,
  requireCheckpoints,
  requireWays,
  runSchema,
} from '../experiment/run-config.js';
import { METHODS, type SomeChoices } from '../prune/choices.js';
import { differing, identityText, sizesSchema, swept, trialsSchema } from './shared-config.js';

const PRESETS = ['quick', 'paper'] as const;
export type Preset = (typeof PRESETS)[number];

/** What each preset sets; a key that is given wins. */
const PRESET_VALUES: Readonly<Record<Preset, Readonly<Record<string, unknown>>>> = {
  quick: {
    sizes: [125, 250, 500, 1000, 2000],
    trials: 3,
    width: 256,
    batch: 64,
    iterations: 1000,
    pruneEvery: 50,
    picks: 100,
  },
  // Wolfe et al., TMLR 2024, section 5: MNIST, ten thousand hidden neurons.
  paper: {
    sizes: [1000, 5000, 10000, 15000, 20000, 25000, 30000, 35000, 40000, 45000, 50000],
    trials: 5,
    width: 10000,
    batch: 128,
    iterations: 8000,
    pruneEvery: 250,
    picks: 200,
  },
};

const SHARE = 'a number above 0 and below 1';

/** `run`'s keys that mean the same here. */
const shared = runSchema.shape;

const studySchema = z.strictObject({
  preset: z.enum(PRESETS, { error: `one of ${PRESETS.join(', ')}` }).default('quick'),
  data: shared.data,
  task: shared.task,
  sizes: sizesSchema,
  trials: trialsSchema,
  width: swept(count(1), 'a whole number from 1 on'),
  activation: shared.activation,
  iterations: count(1),
  batch: swept(
    z.union([z.literal('full'), count(1)], {
      error: '"full" or a whole number from 1 on',
    }),
    '"full" or a whole number from 1 on',
  ),
  learningRate: swept(rate(), 'a finite number above 0').default([1]),
  momentum: shared.momentum,
  pruneEvery: count(1),
  picks: swept(count(1), 'a whole number from 1 on'),
  method: swept(z.enum(METHODS, { error: `one of ${METHODS.join(', ')}` }), 'a method').default([
    'greedy',
  ]),
  rule: swept(shared.rule.unwrap(), 'a rule').default(['average']),
  replacement: shared.replacement,
  loss: shared.loss,
  storage: shared.storage,
  fineTune: count(0).default(0),
  fineTuneLearningRate: shared.fineTuneLearningRate,
  controls: shared.controls,
  /** Loss of the absolute criterion; by default one that every trial reaches. */
  level: rate().optional(),
  /** Share of the way to the best loss that the relative criterion forgoes. */
  tolerance: z
    .number({ error: SHARE })
    .gt(0, { error: SHARE })
    .lt(1, { error: SHARE })
    .default(0.1),
  seed: shared.seed,
  host: shared.host,
  adapter: shared.adapter,
  tuning: shared.tuning,
  out: shared.out,
});

/**
 * Everything that decides a study.
 *
 * @interface
 */
export type StudyConfig = z.infer<typeof studySchema>;

/**
 * Checks a study's configuration and fills in the preset's and the other defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseStudyConfig(given: unknown): StudyConfig {
  const settings = isRecord(given) ? given : {};
  const preset = PRESET_VALUES[settings.preset as Preset] ?? PRESET_VALUES.quick;
  const config = parseWith(studySchema, given, preset);
  const { pruneEvery, iterations, task } = config;
  if (pruneEvery > iterations) {
    throw new EspalierError('bad-config', {
      kind: 'conflict',
      key: 'pruneEvery',
      given: pruneEvery,
      with: 'iterations',
      value: iterations,
      allowed: 'no more',
      because: 'there would be no checkpoint',
      defaults: ['pruneEvery', 'iterations'].filter((key) => settings[key] === undefined),
    });
  }
  requireCheckpoints(config);
  requireCells(config);
  requireWays(studyWays(config), { task, given });
  return config;
}

/** Hundreds of times the paper's: listed by the million, cells alone would fill a memory. */
const MOST_CELLS = 1_000_000;

/**
 * @throws bad-config when the study has more cells than are listed. Rules without greedy selection count
 *   too, though they make none.
 */
function requireCells(config: StudyConfig): void {
  const { sizes, trials, width, learningRate, batch, picks, method, rule } = config;
  const settings = sizes.length * width.length * learningRate.length * batch.length;
  const prunings = picks.length * (method.length - 1 + rule.length);
  const checkpoints = checkpointCount(config.iterations, config.pruneEvery);
  const cells = settings * trials * prunings * checkpoints;
  if (cells <= MOST_CELLS) return;
  throw new EspalierError(
    'bad-config',
    `The study would have ${cells} cells, more than ${MOST_CELLS}: sweep fewer sizes, trials, settings or checkpoints.`,
  );
}

/** The ways to choose that a study compares. Where greedy selection takes part its rules are for it alone. */
function studyWays({ method, rule, picks, width, replacement, loss }: StudyConfig) {
  const ruled = method.includes('greedy') ? 'greedy' : method[0];
  const choices: readonly SomeChoices[] = [
    ...method.map((each) => ({ method: each })),
    ...rule.map((each) => ({ rule: each, method: ruled })),
  ];
  return choices.flatMap((choice) =>
    width.flatMap((n) => picks.map((k) => ({ ...choice, width: n, picks: k, replacement, loss }))),
  );
}

/** Keys that decide where a study runs or how it is read, but none of its figures. */
const NO_FIGURE: ReadonlySet<string> = new Set([
  'preset',
  'level',
  'tolerance',
  'host',
  'adapter',
  'tuning',
  'out',
]);

/** The keys that do decide them, in the schema's order. */
const FIGURE_KEYS = (Object.keys(studySchema.shape) as (keyof StudyConfig)[]).filter(
  (key) => !NO_FIGURE.has(key),
);

/** The same for two studies whose cells can stand for each other, and for no others. */
export function studyIdentity(config: StudyConfig): string {
  return identityText(config, FIGURE_KEYS);
}

/** The first key by which two studies' cells differ, if there is one. */
export function differingKey(one: StudyConfig, other: StudyConfig): keyof StudyConfig | undefined {
  return differing(one, other, FIGURE_KEYS);
}

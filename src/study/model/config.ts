import { z } from 'zod';
import { EspalierError } from '../../errors.js';
import { oneOf, pruneSchema } from '../../experiment/model/prune/config.js';
import { type PruneOptions, REFITS } from '../../experiment/model/prune/events.js';
import { publishedLayout } from '../../experiment/model/prune/layout.js';
import { trainSchema } from '../../experiment/model/train-config.js';
import { count, isRecord, parseWith, rate, requireOneOf } from '../../experiment/run-config.js';
import type { Graph } from '../../graph/graph.js';
import { WIDEST } from '../../models/architectures.js';
import { CHANNEL_CRITERIA, type ChannelCriterion } from '../../prune/channels/criteria.js';
import {
  differing,
  identityText,
  isAscending,
  sizesSchema,
  swept,
  trialsSchema,
} from '../shared-config.js';
import { MODEL_PRESET_NAMES, MODEL_PRESETS, type ModelPreset } from './presets.js';

const CRITERIA = 'a list of criteria in which none comes twice';
const CHECKPOINTS = 'a list of whole numbers from 0 on in ascending order, none of them twice';
const THEN = '"magnitude" and a share above 0 and below 1';
const THEN_SHARE = z.number({ error: THEN }).gt(0, { error: THEN }).lt(1, { error: THEN });
const WIDTH = `a number above 0 and at most ${WIDEST}`;
const TOLERANCE = 'a number from 0 to below 1';

/** `train`'s and `prune`'s keys that mean the same here. */
const training = trainSchema.shape;
const pruning = pruneSchema.shape;

const modelStudySchema = z.strictObject({
  preset: oneOf(MODEL_PRESET_NAMES).optional(),
  architecture: swept(training.architecture, 'a name of an architecture'),
  stem: training.stem,
  /** Multiples of the architectures' channels. */
  widths: swept(
    z.number({ error: WIDTH }).gt(0, { error: WIDTH }).lte(WIDEST, { error: WIDTH }),
    WIDTH,
  ).default([1]),
  data: training.data.default('cifar10'),
  sizes: sizesSchema,
  trials: trialsSchema.default(3),
  /** Steps of pre-training, as many for each size; or passes over each size's own pictures. */
  iterations: count(1).optional(),
  epochs: count(1).optional(),
  /** After so many of them the network is pruned: each quarter by default. */
  checkpoints: z
    .array(count(0), { error: CHECKPOINTS })
    .min(1, { error: CHECKPOINTS })
    .refine(isAscending, { error: CHECKPOINTS }),
  batch: training.batch,
  learningRate: training.learningRate,
  schedule: training.schedule,
  momentum: training.momentum,
  weightDecay: training.weightDecay,
  augment: training.augment,
  criteria: z
    .array(oneOf(CHANNEL_CRITERIA), { error: CRITERIA })
    .min(1, { error: CRITERIA })
    .refine((names) => new Set(names).size === names.length, { error: CRITERIA })
    .default(['group', 'network-loss', 'average']),
  flops: pruning.flops,
  parameters: pruning.parameters,
  layout: oneOf(['paper']).optional(),
  layerTolerance: pruning.layerTolerance,
  /** `own`: as each criterion is meant, the exact ones refitted, the published ones by their own factors. */
  refit: oneOf(['own', ...REFITS]).default('own'),
  /** `uniform` leaves every criterion the same architecture. */
  budgets: pruning.budgets.unwrap().default('uniform'),
  units: pruning.units,
  /** What follows a cut: of the weights that it leaves, the share that is zeroed. */
  // biome-ignore lint/suspicious/noThenProperty: the flag's name; a list is no function, so nothing awaits it
  then: z.tuple([z.literal('magnitude', { error: THEN }), THEN_SHARE], { error: THEN }).optional(),
  calibration: pruning.calibration,
  roundTo: pruning.roundTo,
  least: pruning.least,
  trainBetween: pruning.trainBetween,
  /** In the unit of pre-training: steps, or passes. */
  fineTune: count(0),
  fineTuneLearningRate: rate().default(0.01),
  controls: z.boolean({ error: 'true or false' }).default(true),
  /** Pictures to measure with, the first of the test set; all by default. */
  testPictures: count(1).optional(),
  /** What the subnetwork's accuracy may fall short of the fully trained dense network's. */
  tolerance: z
    .number({ error: TOLERANCE })
    .min(0, { error: TOLERANCE })
    .lt(1, { error: TOLERANCE })
    .default(0),
  seed: training.seed,
  host: training.host,
  adapter: training.adapter,
  tuning: training.tuning,
  out: training.out,
});

/**
 * Everything that decides a study of a deep network.
 *
 * @interface
 */
export type ModelStudyConfig = z.infer<typeof modelStudySchema>;

/** What says how much is cut. */
const BUDGETS = ['flops', 'parameters', 'layout', 'layerTolerance'] as const;

/** Shares of pre-training behind which a network is pruned by default, as published. */
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];
/** Share of pre-training that fine-tuning takes by default. */
const FINE_TUNED = 0.1;

/**
 * Checks a study's configuration and fills in the preset's and the other defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseModelStudyConfig(given: unknown): ModelStudyConfig {
  const settings = isRecord(given) ? given : {};
  const named = MODEL_PRESETS[settings.preset as ModelPreset];
  const preset: Readonly<Record<string, unknown>> = named ?? {};
  const own = { ...withoutRivals(preset, settings), ...settings };
  const length = own.iterations ?? own.epochs ?? training.epochs.parse(undefined);
  const usual = {
    ...(own.iterations === undefined && { epochs: length }),
    ...(typeof length === 'number' && {
      checkpoints: [...new Set(QUARTERS.map((share) => Math.round(share * length)))],
      fineTune: Math.max(1, Math.round(FINE_TUNED * length)),
    }),
    ...(BUDGETS.every((key) => own[key] === undefined) && { flops: 0.5 }),
  };
  const config = parseWith(modelStudySchema, own, usual);
  requireOneOf(config, ['iterations', 'epochs'], 'pre-training is counted in one of them');
  requireOneOf(config, BUDGETS, 'a network is cut to one budget');
  requireOneOf(
    config,
    ['then', 'layerTolerance'],
    'how few weights a tolerance leaves is not known before, and others are cut to as many',
  );
  requireChecked(config, settings);
  return config;
}

/**
 * The settings of a study's record. Those that were written before widths were swept have one `width`.
 */
export function settingsOfRecord({
  width,
  ...settings
}: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return width === undefined ? settings : { widths: width, ...settings };
}

/** Keys of which one stands for the others: what is given takes the place of the preset's. */
const RIVALS = [['iterations', 'epochs'], BUDGETS] as const;

function withoutRivals(
  preset: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const out = RIVALS.filter((keys) => keys.some((key) => given[key] !== undefined)).flat();
  // Checkpoints and fine-tuning are counted in what pre-training is counted in.
  const recounted = (['epochs', 'iterations'] as const).some(
    (key) => given[key] !== undefined && given[key] !== preset[key],
  );
  const counted = recounted ? ['checkpoints', 'fineTune'] : [];
  const gone: readonly string[] = [...out, ...counted];
  return Object.fromEntries(Object.entries(preset).filter(([key]) => !gone.includes(key)));
}

function requireChecked(config: ModelStudyConfig, given: Readonly<Record<string, unknown>>): void {
  const { checkpoints, architecture, preset, batch, sizes } = config;
  const length = lengthOfStudy(config);
  if (checkpoints.at(-1) !== length) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'checkpoints',
      given: checkpoints.join(','),
      allowed: `${unitOfStudy(config)} of the schedule: from 0 on, and its end, ${length}, as the last`,
      because: 'subnetworks are compared with the dense network as it is there',
    });
  }
  if (preset && !architecture.includes(MODEL_PRESETS[preset].architecture)) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'architecture',
      given: given.architecture,
      allowed: MODEL_PRESETS[preset].architecture,
      because: `the preset ${preset} is of that network`,
    });
  }
  const [smallest = 0] = sizes;
  if (smallest < batch) {
    throw new EspalierError('bad-config', {
      kind: 'conflict',
      key: 'batch',
      given: batch,
      with: 'sizes',
      value: sizes.join(','),
      allowed: 'no more',
      because: 'a step needs as many pictures as its batch has',
    });
  }
}

/** Steps or passes of the whole pre-training, in which checkpoints and fine-tuning are counted too. */
export function lengthOfStudy({ iterations, epochs }: ModelStudyConfig): number {
  return iterations ?? epochs ?? 0;
}

/** What a study is counted in. */
export function unitOfStudy({ iterations }: ModelStudyConfig): 'steps' | 'epochs' {
  return iterations === undefined ? 'epochs' : 'steps';
}

/** Criteria that stand for the refit of what reads the channels that stay. */
const REFITTED: readonly ChannelCriterion[] = ['group', 'backward', 'corrective'];

/** How a network is cut by one of the study's criteria. */
export function pruneOptionsOfStudy(
  config: ModelStudyConfig,
  {
    criterion,
    seed,
    graph,
  }: {
    readonly criterion: ChannelCriterion;
    readonly seed: number;
    readonly graph: Graph;
  },
): PruneOptions {
  const { refit, budgets, units, roundTo, least, flops, parameters, layout, layerTolerance } =
    config;
  const usual = REFITTED.includes(criterion) ? 'weights' : 'none';
  return {
    criterion,
    refit: refit === 'own' ? usual : refit,
    sharing: layout === undefined ? budgets : 'uniform',
    units,
    budget:
      parameters === undefined
        ? { of: 'multiplyAdds', share: flops ?? 1 }
        : { of: 'parameters', share: parameters },
    ...(layout !== undefined && { layout: publishedLayout(graph) }),
    ...(layerTolerance !== undefined && { layerTolerance }),
    roundTo,
    least,
    seed,
  };
}

/** Keys that decide where a study runs or how it is read, but none of its figures. */
const NO_FIGURE: readonly string[] = ['preset', 'tolerance', 'host', 'adapter', 'tuning', 'out'];

/** The keys that do decide them, in the order of the schema. */
const FIGURE_KEYS = (Object.keys(modelStudySchema.shape) as (keyof ModelStudyConfig)[]).filter(
  (key) => !NO_FIGURE.includes(key),
);

/** The same for two studies whose cells can stand for each other, and for no others. */
export function modelStudyIdentity(config: ModelStudyConfig): string {
  return identityText(config, FIGURE_KEYS);
}

/** The first key by which two studies' cells differ, if there is one. */
export function differingModelKey(
  one: ModelStudyConfig,
  other: ModelStudyConfig,
): keyof ModelStudyConfig | undefined {
  return differing(one, other, FIGURE_KEYS);
}

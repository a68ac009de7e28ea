import { z } from 'zod';
import { EspalierError } from '../../../errors.js';
import { CHANNEL_CRITERIA } from '../../../prune/channels/criteria.js';
import { count, parseWith, rate, requireOneOf } from '../../run-config.js';
import { type Budgeted, type PruneOptions, REFITS, SHARINGS, UNIT_CHOICES } from './events.js';

export const oneOf = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });
export const share = () =>
  z
    .number({ error: 'a share above 0, and 1 at most' })
    .gt(0, { error: 'a share above 0, and 1 at most' })
    .lte(1, { error: 'a share above 0, and 1 at most' });

/** What each key of a budget counts. */
const BUDGETS = {
  flops: 'multiplyAdds',
  parameters: 'parameters',
  latency: 'milliseconds',
} as const satisfies Readonly<Record<string, Budgeted>>;
const BUDGET_KEYS = [
  'flops',
  'parameters',
  'latency',
] as const satisfies readonly (keyof typeof BUDGETS)[];

const PART = 'a share from 0 to 1';
const TOLERANCE = 'a share from 0 on, and below 1';
const EPOCHS = 'a number of epochs from 0 on';

/** Everything that decides a pruning. */
export const pruneSchema = z.strictObject({
  /** Pictures to calibrate with. */
  calibration: count(1).default(1000),
  /**
   * The share of multiply-adds, of parameters, or of the milliseconds an image takes on this adapter,
   * that stays; half of the multiply-adds by default.
   */
  flops: share().optional(),
  parameters: share().optional(),
  latency: share().optional(),
  /** How much of the accuracy each unit may cost, in place of a budget; 0.02 as published. */
  layerTolerance: z
    .number({ error: TOLERANCE })
    .min(0, { error: TOLERANCE })
    .lt(1, { error: TOLERANCE })
    .optional(),
  criterion: oneOf(CHANNEL_CRITERIA).default('group'),
  refit: oneOf(REFITS).default('weights'),
  budgets: oneOf(SHARINGS).default('measured'),
  units: oneOf(UNIT_CHOICES).default('inner'),
  roundTo: count(1).default(1),
  least: count(1).default(1),
  /** Output positions of a picture that what reads a unit is fitted by at most; all by default. */
  positions: count(1).optional(),
  /** Epochs of training behind each unit that is cut, by the labels; 0.1 as published. */
  trainBetween: z.number({ error: EPOCHS }).min(0, { error: EPOCHS }).default(0),
  /** Epochs of training behind the cut. */
  fineTune: count(0).default(0),
  learningRate: rate().default(0.01),
  /** Share of the dense network's answers in what is learned; the rest is learned from the labels. */
  distil: z.number({ error: PART }).min(0, { error: PART }).max(1, { error: PART }).default(0),
  /** Train the dense network on for as long, and what is left of it from scratch, to compare with. */
  controls: z.boolean({ error: 'true or false' }).default(false),
  /** Epochs that the network was trained for: the control from scratch is given as many more. */
  preTrained: count(0).default(0),
  seed: z.int({ error: 'a whole number within ±(2^53 − 1)' }).default(0),
});

/** A checked configuration of a pruning, its defaults filled in. */
export type PruneConfig = z.infer<typeof pruneSchema>;

/**
 * Checks the configuration of a pruning and fills in the defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parsePruneConfig(given: unknown): PruneConfig {
  const config = parseWith(pruneSchema, given);
  const { controls, distil, fineTune } = config;
  requireOneOf(config, [...BUDGET_KEYS, 'layerTolerance'], 'one of them says how much is cut');
  if (fineTune === 0 && (controls || distil > 0)) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'fineTune',
      given: fineTune,
      allowed: 'a number of epochs from 1 on',
      because: controls
        ? 'the controls are trained for as long'
        : 'it is there that answers are learned',
    });
  }
  return config;
}

/** What of a configuration the cut itself is made with. */
export function pruneOptions(config: PruneConfig): PruneOptions {
  const { criterion, refit, budgets, units, roundTo, least, positions, seed, layerTolerance } =
    config;
  const key = BUDGET_KEYS.find((own) => config[own] !== undefined) ?? 'flops';
  const budget = { of: BUDGETS[key], share: config[key] ?? 0.5 };
  const options = { criterion, refit, sharing: budgets, units, roundTo, least, seed, budget };
  return {
    ...options,
    ...(positions !== undefined && { positions }),
    ...(layerTolerance !== undefined && { layerTolerance }),
  };
}

import { z } from 'zod';
import { ARCHITECTURES, STEMS } from '../../models/architectures.js';
import { TRAINING_DEFAULTS } from '../../train/network-training.js';
import { count, parseWith, rate } from '../run-config.js';

const NAMES = ARCHITECTURES.map(({ name }) => name) as [string, ...string[]];
const share = (what: string) =>
  z.number({ error: what }).min(0, { error: what }).lt(1, { error: what });

/** Everything that decides a training. */
export const trainSchema = z.strictObject({
  architecture: z.enum(NAMES, { error: `one of ${NAMES.join(', ')}` }),
  stem: z.enum(STEMS, { error: `one of ${STEMS.join(', ')}` }).optional(),
  /** A multiple of the architecture's channels. */
  width: rate().default(1),
  data: z.string({ error: '"cifar10" or a folder' }).min(1),
  /** Pictures to train on, drawn from the source; all of them by default. */
  examples: count(1).optional(),
  epochs: count(1).default(TRAINING_DEFAULTS.epochs),
  batch: count(1).default(TRAINING_DEFAULTS.batch),
  learningRate: rate().default(TRAINING_DEFAULTS.learningRate),
  schedule: z
    .enum(['cosine', 'step', 'constant'], { error: 'one of cosine, step, constant' })
    .default(TRAINING_DEFAULTS.schedule),
  /** Epochs over which the rate first rises. */
  warmUp: count(0).default(TRAINING_DEFAULTS.warmUp),
  momentum: share('a number from 0 to below 1').default(TRAINING_DEFAULTS.momentum),
  nesterov: z.boolean({ error: 'true or false' }).default(TRAINING_DEFAULTS.nesterov),
  weightDecay: share('a number from 0 to below 1').default(TRAINING_DEFAULTS.weightDecay),
  augment: z.enum(['crop-flip', 'none'], { error: 'one of crop-flip, none' }).default('crop-flip'),
  /** Epochs after which weights are kept and measured; the last one's always are. */
  checkpoints: z.array(count(0), { error: 'a list of epochs' }).default([]),
  seed: z.int({ error: 'a whole number within ±(2^53 − 1)' }).default(TRAINING_DEFAULTS.seed),
  host: z.enum(['auto', 'node', 'chrome'], { error: 'auto, node or chrome' }).default('auto'),
  adapter: z
    .enum(['auto', 'hardware', 'software'], { error: 'auto, hardware or software' })
    .default('auto'),
  tuning: z.enum(['kept', 'fixed'], { error: 'kept or fixed' }).default('kept'),
  out: z.string({ error: 'a path' }).min(1).optional(),
});

export type TrainConfig = z.infer<typeof trainSchema>;

/**
 * Checks the configuration of a training and fills in the defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseTrainConfig(given: unknown): TrainConfig {
  return parseWith(trainSchema, given);
}

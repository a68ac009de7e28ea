import { z } from 'zod';
import { count } from '../experiment/run-config.js';

const SIZES = 'a list of whole numbers from 1 on in ascending order, none of them twice';

const MOST_TRIALS = 1000;

const TRIALS = `a whole number from 1 to ${MOST_TRIALS}`;

/** Sizes of dataset. */
export const sizesSchema = z
  .array(count(1), { error: SIZES })
  .min(1, { error: SIZES })
  .refine((sizes) => isAscending(sizes), { error: SIZES });

/** Pre-trainings of each size. */
export const trialsSchema = z
  .int({ error: TRIALS })
  .min(1, { error: TRIALS })
  .max(MOST_TRIALS, { error: TRIALS });

/** One value, or a list of different values that the study sweeps. */
export const swept = <Value extends z.ZodType>(value: Value, least: string) => {
  const error = `${least}, or a list of them in which none comes twice`;
  return z.preprocess(
    (given) => (Array.isArray(given) ? given : [given]),
    z
      .array(value, { error })
      .min(1, { error })
      .refine((values) => new Set(values).size === values.length, { error }),
  );
};

/** Whether each number is larger than the one before it. */
export function isAscending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? value));
}

/** The same text for two studies of the same values under these keys. */
export function identityText<Config extends object>(
  config: Config,
  keys: readonly (keyof Config)[],
): string {
  const given = keys.filter((key) => config[key] !== undefined);
  return JSON.stringify(given.map((key) => [key, config[key]]));
}

/** The first of the keys under which two studies have different values, if there is one. */
export function differing<Config extends object>(
  one: Config,
  other: Config,
  keys: readonly (keyof Config)[],
): keyof Config | undefined {
  return keys.find((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]));
}

import { z } from 'zod';
import { requireComparable } from './compare.js';
import { CONTENDERS, type Contender } from './compare-events.js';
import { parseWith, type RunConfig, runShape } from './run-config.js';

const METHODS = `must be some of ${CONTENDERS.join(', ')}`;
const SIZES = 'must be a list of ascending whole numbers from 1 on';

/** Keys of a run that a comparison has no use for: it has methods and sizes of its own. */
const NOT_COMPARED = [
  'picks',
  'method',
  'rule',
  'pruneEvery',
  'fineTune',
  'fineTuneLearningRate',
] as const satisfies readonly (keyof RunConfig)[];

const compareSchema = runShape.extend({
  methods: z
    .array(z.enum(CONTENDERS, { error: METHODS }), { error: METHODS })
    .default([...CONTENDERS]),
  sizes: z.array(z.int({ error: SIZES }).min(1, { error: SIZES }), { error: SIZES }).optional(),
});

/** Everything that decides a comparison. */
export interface CompareConfig extends RunConfig {
  readonly methods: Contender[];
  readonly sizes: number[];
}

/** Numbers of picks by default, as far as the network has neurons for them. */
export const USUAL_SIZES = [5, 10, 20, 50, 100];

/**
 * Checks a comparison's configuration and fills in the defaults. The keys of a run are taken too.
 *
 * @throws bad-config naming the first wrong key, or what does not go together.
 */
export function parseCompareConfig(given: unknown): CompareConfig {
  const { sizes: asked, ...config } = parseWith(compareSchema, given);
  const usual = USUAL_SIZES.filter((size) => size <= config.width);
  const sizes = asked ?? (usual.length > 0 ? usual : [config.width]);
  requireComparable({ config, contenders: config.methods, sizes });
  return { ...config, sizes };
}

/** The keys that decide the comparison. */
export function recordOfConfig(config: CompareConfig): object {
  const useless: readonly string[] = NOT_COMPARED;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !useless.includes(key)));
}

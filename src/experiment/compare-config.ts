import { z } from 'zod';
import { EspalierError } from '../errors.js';
import {
  type Choices,
  exceptGreedyOnly,
  type MethodName,
  type RuleName,
} from '../prune/choices.js';
import { CONTENDERS, type CompareInput, type Contender } from './compare-events.js';
import { parseWith, type RunConfig, requireWays, runSchema, type Setting } from './run-config.js';

const METHODS = `some of ${CONTENDERS.join(', ')}`;
const SIZES = 'a list of ascending whole numbers from 1 on';

/** Keys of a run that a comparison has no use for: it has methods and sizes of its own. */
const NOT_COMPARED = [
  'picks',
  'method',
  'rule',
  'pruneEvery',
  'controls',
] as const satisfies readonly (keyof RunConfig)[];

const compareSchema = runSchema.extend({
  methods: z
    .array(z.enum(CONTENDERS, { error: METHODS }), { error: METHODS })
    .default([...CONTENDERS]),
  sizes: z.array(z.int({ error: SIZES }).min(1, { error: SIZES }), { error: SIZES }).optional(),
  /** All weights by default, where the loss is squared. */
  refit: runSchema.shape.refit.unwrap().optional(),
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
  const { sizes: asked, refit, ...others } = parseWith(compareSchema, given);
  const config = { ...others, refit: refit ?? (others.loss === 'squared' ? 'weights' : 'none') };
  const usual = USUAL_SIZES.filter((size) => size <= config.width);
  const sizes = asked ?? (usual.length > 0 ? usual : [config.width]);
  requireComparable({ config, contenders: config.methods, sizes }, given);
  return { ...config, sizes };
}

/** The keys that decide the comparison. */
export function recordOfConfig(config: CompareConfig): object {
  const useless: readonly string[] = NOT_COMPARED;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !useless.includes(key)));
}

/** @throws bad-config for methods named twice, sizes out of order, and what does not go together. */
export function requireComparable(
  { config, contenders, sizes }: Pick<CompareInput, 'config' | 'contenders' | 'sizes'>,
  given?: unknown,
): void {
  if (sizes.length === 0 || sizes.some((size, at) => size <= (sizes[at - 1] ?? 0))) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'sizes',
      given: sizes,
      allowed: 'ascending whole numbers from 1 on',
    });
  }
  const twice = contenders.find((name, at) => contenders.indexOf(name) !== at);
  if (twice || contenders.length === 0) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'methods',
      given: contenders,
      allowed: 'a list of methods, each named once',
    });
  }
  const ways = contenders.flatMap((contender) => {
    const choice = contenderChoice(contender);
    // A run's configuration may be compared with methods that have no use for all of it.
    const useful = choice.method === 'greedy' ? config : exceptGreedyOnly(config);
    return sizes.map((picks) => ({ ...useful, ...choice, picks }));
  });
  requireWays(ways, { task: config.task, given, settingFor: comparisonSetting });
}

/** A comparison's sizes are picks; its methods are those of selection, and greedy selection's rules. */
function comparisonSetting(key: string, value: unknown): Setting {
  if (key === 'picks') return ['sizes', value];
  if (key === 'rule') return ['methods', value === 'average' ? 'greedy' : value];
  return [key === 'method' ? 'methods' : key, value];
}

/** How a contender picks: greedy selection has one for each rule. */
export function contenderChoice(contender: Exclude<Contender, 'scratch'>): {
  readonly method: MethodName;
  readonly rule: RuleName;
};
export function contenderChoice(contender: Contender): Pick<Choices, 'method' | 'rule'>;
export function contenderChoice(contender: Contender): Pick<Choices, 'method' | 'rule'> {
  return contender === 'line-search' || contender === 'corrective'
    ? { method: 'greedy', rule: contender }
    : { method: contender, rule: 'average' };
}

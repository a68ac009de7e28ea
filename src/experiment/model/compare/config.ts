import { z } from 'zod';
import { EspalierError } from '../../../errors.js';
import { CHANNEL_CRITERIA, type ChannelCriterion } from '../../../prune/channels/criteria.js';
import { parseWith } from '../../run-config.js';
import { oneOf, pruneSchema, share } from '../prune/config.js';
import { type PruneOptions, REFITS, SHARINGS } from '../prune/events.js';
import type { ModelCellKey, PruningWay } from './events.js';

/** By whose curves measured budgets are shared: those of `group` for all cells, or each cell's own. */
export const CURVE_CHOICES = ['group', 'own'] as const;
/** The name of one of these choices. */
export type CurveChoice = (typeof CURVE_CHOICES)[number];

/** The method, its two nearest relatives, and what is usual. */
const USUAL_CRITERIA: readonly ChannelCriterion[] = [
  'group',
  'backward',
  'corrective',
  'average',
  'l1',
  'fpgm',
  'random',
];

const some = <const Names extends readonly [string, ...string[]]>(names: Names) =>
  z.array(oneOf(names), { error: `some of ${names.join(', ')}` }).min(1, {
    error: `some of ${names.join(', ')}`,
  });
const shares = () => z.array(share(), { error: 'shares above 0, and 1 at most' });

/** Everything that decides a comparison of prunings: every criterion with every refit at every budget. */
export const compareModelSchema = pruneSchema
  .pick({ calibration: true, units: true, roundTo: true, least: true, seed: true })
  .extend({
    criteria: some(CHANNEL_CRITERIA).default([...USUAL_CRITERIA]),
    refits: some(REFITS).default(['weights', 'none']),
    budgets: some(SHARINGS).default([...SHARINGS]),
    curves: oneOf(CURVE_CHOICES).default('group'),
    /** Shares of the multiply-adds that stay, and of the parameters; half of the multiply-adds by default. */
    flops: shares().optional(),
    parameters: shares().optional(),
  });

/** A checked configuration of a comparison of prunings, its defaults filled in. */
export type CompareModelConfig = z.infer<typeof compareModelSchema>;

/**
 * Checks the configuration of a comparison of prunings and fills in the defaults.
 *
 * @throws bad-config naming the first wrong key, what it must be and what it was.
 */
export function parseCompareModelConfig(given: unknown): CompareModelConfig {
  const config = parseWith(compareModelSchema, given);
  for (const key of ['criteria', 'refits', 'budgets', 'flops', 'parameters'] as const) {
    const list: readonly unknown[] = config[key] ?? [];
    if (new Set(list).size === list.length) continue;
    throw new EspalierError('bad-config', {
      kind: 'value',
      key,
      given: list,
      allowed: 'a list that names each once',
    });
  }
  return config;
}

/** All cells of a comparison: a budget after the other, and within it a way after the other. */
export function listModelCells(config: CompareModelConfig): readonly ModelCellKey[] {
  const { flops, parameters, budgets, criteria, refits } = config;
  const asked = [
    ...(flops ?? (parameters ? [] : [0.5])).map((part) => ({
      of: 'multiplyAdds' as const,
      share: part,
    })),
    ...(parameters ?? []).map((part) => ({ of: 'parameters' as const, share: part })),
  ];
  return asked.flatMap((budget) =>
    budgets.flatMap((sharing) =>
      criteria.flatMap((criterion) =>
        refits.map((refit) => ({ ...budget, budgets: sharing, criterion, refit })),
      ),
    ),
  );
}

/** How a cell is cut. */
export function optionsOfCell(
  { units, roundTo, least, seed }: CompareModelConfig,
  { criterion, refit, budgets: sharing, of, share }: ModelCellKey,
): PruneOptions {
  return { criterion, refit, sharing, units, budget: { of, share }, roundTo, least, seed };
}

/** By whose curves a cell's budget is shared, if by any. */
export function wayOfCurves(
  { curves }: Pick<CompareModelConfig, 'curves'>,
  { criterion, refit, budgets }: ModelCellKey,
): PruningWay | undefined {
  if (budgets !== 'measured') return undefined;
  return curves === 'own' ? { criterion, refit } : { criterion: 'group', refit: 'weights' };
}

/** `group, weights, measured, 0.5 of the multiply-adds`: a cell's name, which no other of a comparison has. */
export function nameOfCell({ criterion, refit, budgets, of, share }: ModelCellKey): string {
  const cost = of === 'multiplyAdds' ? 'multiply-adds' : 'parameters';
  return `${criterion}, ${refit}, ${budgets}, ${share} of the ${cost}`;
}

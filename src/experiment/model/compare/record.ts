import { z } from 'zod';
import { parseRecordLine } from '../../../json.js';
import { CHANNEL_CRITERIA } from '../../../prune/channels/criteria.js';
import { COUNTED, REFITS, SHARINGS } from '../prune/events.js';
import type { ModelCell, WayCurve } from './events.js';

const count = z.int().min(0);
const way = { criterion: z.enum(CHANNEL_CRITERIA), refit: z.enum(REFITS) };
const share = z.number().min(0).max(1);

const recordSchema = z.discriminatedUnion('type', [
  /** What the records belong to: a checksum of the network, the pictures and the settings. */
  z.strictObject({ type: z.literal('comparison'), identity: count }),
  z
    .strictObject({
      type: z.literal('curve'),
      ...way,
      unit: z.string(),
      channels: count,
      kept: z.array(count),
      divergence: z.array(z.number()),
    })
    .refine(({ channels, kept }) => kept.every((some) => some <= channels), {
      path: ['kept'],
      error: 'more channels than there are',
    })
    .refine(({ kept, divergence }) => kept.length === divergence.length, {
      path: ['divergence'],
      error: 'as many as of kept channels are needed',
    }),
  z.strictObject({
    type: z.literal('cell'),
    ...way,
    budgets: z.enum(SHARINGS),
    of: z.enum(COUNTED),
    share,
    kept: z.array(count),
    multiplyAdds: count,
    parameters: count,
    accuracy: share.optional(),
    agreement: share,
    divergence: z.number(),
    seconds: z.number().nonnegative(),
  }),
]);

/** What a comparison writes down: whose it is, each curve, each cell. */
export type ComparisonRecord =
  | { readonly type: 'comparison'; readonly identity: number }
  | ({ readonly type: 'curve' } & WayCurve)
  | ({ readonly type: 'cell' } & ModelCell);

/**
 * One line of a comparison's records.
 *
 * @throws bad-data naming the line when it is none.
 */
export function parseComparisonRecord(
  line: string,
  file: string,
  number: number,
): ComparisonRecord {
  const { value, fail } = parseRecordLine(line, { file, number, lost: 'it' });
  const { data, error } = recordSchema.safeParse(value);
  if (!data) {
    const [issue] = error.issues;
    throw fail(`${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  if (data.type !== 'cell') return data;
  const { accuracy, ...cell } = data;
  return accuracy === undefined ? cell : { ...cell, accuracy };
}

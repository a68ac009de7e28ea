import { z } from 'zod';

const positive = z.number().positive();

/** Who does the work: this library, and its peers. */
export const SUBJECTS = ['espalier', 'jax-js', 'tfjs'] as const;

/** Names a line of the table. */
const entrySchema = z.strictObject({
  work: z.string(),
  shape: z.record(z.string(), z.int().nonnegative()),
  subject: z.enum(SUBJECTS),
  variant: z.string(),
});

/** Its answer was right, and this is how long it took. */
const measuredSchema = entrySchema.extend({
  verified: z.literal(true),
  medianMs: positive,
  /** Ends of the median's 95 % bootstrap interval. */
  lowMs: positive,
  highMs: positive,
  /** Operations and bytes that the work takes at least, 10⁹ a second. */
  gflops: z.number().nonnegative(),
  gbps: positive,
  /** The larger of gflops / fmaGflops and gbps / copyGBps. */
  shareOfLimit: positive,
  /** Exponentials, 10⁹ a second, of the work that consists of them. */
  gexps: positive.optional(),
});

/** Its answer was wrong, so that it was not timed. */
const refusedSchema = entrySchema.extend({
  verified: z.literal(false),
  medianMs: z.null(),
  lowMs: z.null(),
  highMs: z.null(),
  gflops: z.null(),
  gbps: z.null(),
  shareOfLimit: z.null(),
});

const adapterSchema = z.strictObject({
  name: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  description: z.string(),
  kind: z.enum(['hardware', 'software']),
  subgroupSize: z.strictObject({ min: z.int(), max: z.int() }).optional(),
});

/** The file that `espalier bench --json` writes. */
export const reportSchema = z.strictObject({
  adapter: adapterSchema,
  host: z.enum(['node', 'chrome', 'browser']),
  versions: z.record(z.string(), z.string()),
  limits: z.strictObject({
    copyGBps: positive,
    fmaGflops: positive,
    dispatchMicros: positive,
    submitMicros: positive,
  }),
  results: z.array(z.discriminatedUnion('verified', [measuredSchema, refusedSchema])),
});

export type BenchReport = z.infer<typeof reportSchema>;
export type BenchEntry = z.infer<typeof entrySchema>;
export type MeasuredResult = z.infer<typeof measuredSchema>;
export type RefusedResult = z.infer<typeof refusedSchema>;
export type BenchResult = BenchReport['results'][number];

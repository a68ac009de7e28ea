import { z } from 'zod';
import { EspalierError, errorMessage } from '../src/errors.js';
import { parseJson } from '../src/json.js';

const positive = z.number().positive();

/** Who does the work: this library, and its peers. */
export const SUBJECTS = ['espalier', 'jax-js', 'tfjs', 'onnxruntime'] as const;

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
  /**
   * Whether the adapter's timestamps told the time, or the wall clock. Earlier reports do not say.
   */
  clock: z.enum(['gpu', 'wall']).optional(),
  /** A single one has no interval: both ends are the median. Earlier reports did not count. */
  samples: z.int().positive().optional(),
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
const inOrder = measuredSchema.refine(
  ({ lowMs, medianMs, highMs }) => lowMs <= medianMs && medianMs <= highMs,
  { path: ['medianMs'], error: 'must lie between lowMs and highMs' },
);

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
  device: z.string(),
  driver: z.string(),
  kind: z.enum(['hardware', 'software']),
  subgroupSize: z.strictObject({ min: z.int(), max: z.int() }).optional(),
});

/** The file that `espalier bench --json` writes. */
export const reportSchema = z.strictObject({
  /** When it was measured, ISO 8601 in UTC. */
  date: z.iso.datetime(),
  adapter: adapterSchema,
  host: z.enum(['node', 'chrome', 'browser']),
  versions: z.record(z.string(), z.string()),
  limits: z.strictObject({
    copyGBps: positive,
    fmaGflops: positive,
    dispatchMicros: positive,
    submitMicros: positive,
  }),
  /** The finest step of the wall clock that was seen; a browser may make it coarse. */
  wallStepMicros: positive.optional(),
  /**
   * Right after this work the adapter did this share of its multiply-add limit: something else was
   * using the machine. Earlier reports do not say.
   */
  disturbed: z.array(z.strictObject({ work: z.string(), share: positive })).optional(),
  results: z.array(z.discriminatedUnion('verified', [inOrder, refusedSchema])),
});

export type BenchReport = z.infer<typeof reportSchema>;
export type BenchEntry = z.infer<typeof entrySchema>;
export type MeasuredResult = z.infer<typeof measuredSchema>;
export type RefusedResult = z.infer<typeof refusedSchema>;
export type BenchResult = BenchReport['results'][number];

/** With fewer samples an interval is too narrow for what it claims. */
const ENOUGH_SAMPLES = 6;

/** Whether so few were timed that little is known of their noise. Earlier reports did not count. */
export function hasFewSamples({ samples = ENOUGH_SAMPLES }: MeasuredResult): boolean {
  return samples < ENOUGH_SAMPLES;
}

/** Whether nothing but one run was timed, so that nothing is known of its noise. */
export function isOneRun({ samples }: MeasuredResult): boolean {
  return samples === 1;
}

/** The same text for the same work, shape, subject and variant. */
export function entryKey({ work, shape, subject, variant }: BenchEntry): string {
  const sizes = Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([work, sizes, subject, variant]);
}

/** Many times as long as a report of every benchmark. */
const MOST_REPORT_CHARACTERS = 16_000_000;

/**
 * Reads a report that may come from anywhere.
 *
 * @throws bad-config naming the file and the first key that is wrong.
 */
export function parseReport(text: string, file: string): BenchReport {
  const fail = (why: string, cause?: unknown) =>
    new EspalierError(
      'bad-config',
      `${file} is no result of \`espalier bench --json\`: ${why}. Measure it again.`,
      { cause },
    );
  let value: unknown;
  try {
    value = parseJson(text, MOST_REPORT_CHARACTERS);
  } catch (cause) {
    throw fail(`it is not JSON (${errorMessage(cause)})`, cause);
  }
  const parsed = reportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = `${issue?.path.length ? `"${issue.path.join('.')}"` : 'it'}: ${issue?.message}`;
  throw fail(why);
}

import { EspalierError } from '../src/errors.js';
import type { AdapterDescription } from '../src/gpu/adapter.js';
import { quoted } from '../src/text.js';
import {
  type BenchReport,
  type BenchResult,
  entryKey,
  hasFewSamples,
  type MeasuredResult,
} from './report.js';

/** An earlier report, and the file it comes from. */
export interface Baseline {
  readonly file: string;
  readonly report: BenchReport;
}

/** The time of a result over its time in the baseline: below 1 is faster. */
export interface Comparison {
  readonly ratio: number;
  /** The noise band: the ratio at the far ends of both medians' 95 % intervals. */
  readonly low: number;
  readonly high: number;
  readonly verdict: 'faster' | 'slower' | 'within noise' | 'too few runs' | 'other clock';
}

/**
 * Compares a result with that of the same work, shape, subject and variant in the baseline, if it
 * has one that was right.
 *
 * The band is wider than the ratio's own 95 % interval on purpose: two runs differ by more than the
 * samples within each of them show.
 */
export function compareWith({ report }: Baseline, result: MeasuredResult): Comparison | undefined {
  const key = entryKey(result);
  const before = report.results.find(
    (other): other is MeasuredResult => isMeasured(other) && entryKey(other) === key,
  );
  if (!before) return undefined;
  const [low, high] = [result.lowMs / before.highMs, result.highMs / before.lowMs];
  const verdict = verdictOnChange(before, result, low, high);
  return { ratio: result.medianMs / before.medianMs, low, high, verdict };
}

function verdictOnChange(
  before: MeasuredResult,
  after: MeasuredResult,
  low: number,
  high: number,
): Comparison['verdict'] {
  // Timestamps leave out what the wall clock waits for; earlier reports do not say which it was.
  const clocks = [before.clock, after.clock];
  if (clocks.includes('gpu') && clocks.includes('wall')) return 'other clock';
  if (hasFewSamples(before) || hasFewSamples(after)) return 'too few runs';
  return high < 1 ? 'faster' : low > 1 ? 'slower' : 'within noise';
}

/** @throws bad-config when the baseline was measured on another adapter. */
export function requireSameAdapter(
  { file, report }: Baseline,
  { adapter, host }: { readonly adapter: AdapterDescription; readonly host: BenchReport['host'] },
): void {
  const other = report.adapter;
  const keys = ['vendor', 'architecture', 'driver', 'kind'] as const;
  // Each host has its own name for the same device.
  const same = report.host !== host || other.device === adapter.device;
  if (same && keys.every((key) => other[key] === adapter[key])) return;
  throw new EspalierError(
    'bad-config',
    `--baseline ${file} was measured on ${fullName(other)}, this is ${fullName(adapter)}: ratios would compare the adapters. Take a baseline from this one, or add --force.`,
  );
}

function fullName({ name, vendor, architecture, driver }: BenchReport['adapter']): string {
  return quoted([name, vendor, architecture, driver].filter(Boolean).join(', '));
}

function isMeasured(result: BenchResult): result is MeasuredResult {
  return result.verified;
}

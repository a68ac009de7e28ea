import Table from 'cli-table3';
import { shapeLabel } from '../../bench/benchmark.js';
import { ratioToOwn } from '../../bench/ratio.js';
import type { BenchEntry, BenchReport, MeasuredResult } from '../../bench/report.js';

/** A line of the table without figures, and why. */
export interface Omission {
  readonly entry: BenchEntry;
  readonly reason: string;
  /** Its answer was wrong; otherwise it could not run here. */
  readonly wrong: boolean;
}

/** Right after this work, the adapter's multiply-add rate was this share of the limit. */
export interface Disturbance {
  readonly work: string;
  readonly share: number;
}

/** What a table tells beside the report. */
export interface Circumstances {
  readonly clock: string;
  readonly omissions: readonly Omission[];
  readonly disturbances: readonly Disturbance[];
}

const HEAD = [
  'work',
  'shape',
  'subject',
  'variant',
  'verified',
  'median ms',
  'low–high',
  'to ours',
  'GFLOP/s',
  'GB/s',
  'of the limit',
] as const;
/** Columns before the figures, which a line without figures keeps. */
const NAMING = 4;

/** Where it was measured, what the adapter can do, and a line for each contender. */
export function benchTable(
  { adapter, host, versions, limits, results }: BenchReport,
  { clock, omissions, disturbances }: Circumstances,
): string {
  const table = new Table({
    head: [...HEAD],
    colAligns: HEAD.map((_, column) => (column < NAMING ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    if (!result.verified) continue;
    const { work, shape, subject, variant, medianMs, lowMs, highMs, gflops, gbps } = result;
    table.push([
      work,
      shapeLabel(shape),
      subject,
      variant,
      'yes',
      figure(medianMs),
      `${figure(lowMs)}–${figure(highMs)}`,
      ratioOf(results, result),
      gflops === 0 ? '–' : figure(gflops),
      figure(gbps),
      shareOf(result, limits),
    ]);
  }
  for (const { entry, reason, wrong } of omissions) {
    table.push([
      entry.work,
      shapeLabel(entry.shape),
      entry.subject,
      entry.variant,
      wrong ? 'NO' : '–',
      { colSpan: HEAD.length - NAMING - 1, content: `${wrong ? '' : 'skipped: '}${reason}` },
    ]);
  }
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Adapter: ${adapter.name}. Host: ${host}. Versions: ${list.join(', ')}.`,
    `Limits, measured in this run: copy ${figure(limits.copyGBps)} GB/s, multiply-add ${figure(limits.fmaGflops)} GFLOP/s, empty dispatch ${figure(limits.dispatchMicros)} µs, empty submit ${figure(limits.submitMicros)} µs.`,
    `Kernels are timed by ${clock === 'gpu' ? 'GPU timestamps (by the wall clock where peers take part)' : 'the wall clock'}, tasks by the wall clock; low–high is the median's 95 % interval, to ours the ratio of the medians.`,
    table.toString(),
    ...results.flatMap(exponentialsOf),
    ...(disturbances.length > 0 ? [warningOf(disturbances)] : []),
  ].join('\n');
}

function warningOf(disturbances: readonly Disturbance[]): string {
  const shares = disturbances.map(({ work, share }) => `${work} ${Math.round(100 * share)} %`);
  return `Disturbed: right after some of the work the multiply-add rate was far from its limit (${shares.join(', ')}), so that something else was using the machine, then or while the limits were measured. Run it again on an idle machine.`;
}

function exponentialsOf(result: BenchReport['results'][number]): readonly string[] {
  if (!result.verified || result.gexps === undefined) return [];
  const { work, subject, gexps } = result;
  return [`${work}, ${subject}: ${figure(1000 * gexps)} million exponentials a second.`];
}

function ratioOf(results: BenchReport['results'], result: MeasuredResult): string {
  const ratio = ratioToOwn(results, result);
  return ratio === undefined ? '–' : `${figure(ratio)}×`;
}

function shareOf({ gflops, gbps, shareOfLimit }: MeasuredResult, limits: BenchReport['limits']) {
  const which = gflops / limits.fmaGflops >= gbps / limits.copyGBps ? 'multiply-add' : 'copy';
  return `${(100 * shareOfLimit).toPrecision(3)} % ${which}`;
}

function figure(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}

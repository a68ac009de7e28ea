import Table from 'cli-table3';
import { shapeLabel } from '../../bench/benchmark.js';
import type { BenchEntry, BenchReport } from '../../bench/report.js';
import { figure, shareOf } from '../../bench/words.js';

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
  'variant',
  'verified',
  'median ms',
  'low–high',
  'GFLOP/s',
  'GB/s',
  'of the limit',
] as const;
/** Columns before the figures, which a line without figures keeps. */
const NAMING = 3;

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
    const { work, shape, variant, medianMs, lowMs, highMs, gflops, gbps } = result;
    table.push([
      work,
      shapeLabel(shape),
      variant,
      'yes',
      figure(medianMs),
      `${figure(lowMs)}–${figure(highMs)}`,
      gflops === 0 ? '–' : figure(gflops),
      figure(gbps),
      shareOf(result, limits),
    ]);
  }
  for (const { entry, reason, wrong } of omissions) {
    table.push([
      entry.work,
      shapeLabel(entry.shape),
      entry.variant,
      wrong ? 'NO' : '–',
      { colSpan: HEAD.length - NAMING - 1, content: `${wrong ? '' : 'skipped: '}${reason}` },
    ]);
  }
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Adapter: ${adapter.name}. Host: ${host}. Versions: ${list.join(', ')}.`,
    `Limits, measured in this run: copy ${figure(limits.copyGBps)} GB/s, multiply-add ${figure(limits.fmaGflops)} GFLOP/s, empty dispatch ${figure(limits.dispatchMicros)} µs, empty submit ${figure(limits.submitMicros)} µs.`,
    `Kernels are timed by ${clock === 'gpu' ? 'GPU timestamps' : 'the wall clock'}, tasks by the wall clock; low–high is the median's 95 % interval.`,
    table.toString(),
    ...(disturbances.length > 0 ? [warningOf(disturbances)] : []),
  ].join('\n');
}

function warningOf(disturbances: readonly Disturbance[]): string {
  const shares = disturbances.map(({ work, share }) => `${work} ${Math.round(100 * share)} %`);
  return `Disturbed: right after some of the work the multiply-add rate was far from its limit (${shares.join(', ')}), so that something else was using the machine, then or while the limits were measured. Run it again on an idle machine.`;
}

import Table from 'cli-table3';
import { type Baseline, type Comparison, compareWith } from '../../bench/baseline.js';
import { shapeLabel } from '../../bench/benchmark.js';
import { ratioCell } from '../../bench/ratio.js';
import {
  type BenchEntry,
  type BenchReport,
  type BenchResult,
  entryKey,
  isOneRun,
} from '../../bench/report.js';
import { type BenchRow, type BenchRows, byWork } from '../../bench/rows.js';
import { scalingExponents } from '../../bench/scaling.js';
import { shareOfNearestLimit, threeDigits } from '../../bench/words.js';
import { SCALING_BASE, selectionScaling } from '../../bench/workloads/selection-scaling.js';

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
  readonly baseline: Baseline | undefined;
}

const NAMING = ['work', 'shape', 'subject', 'variant'] as const;
const FIGURES = ['median ms', 'low–high', 'to ours', 'GFLOP/s', 'GB/s', 'of the limit'] as const;
const COMPARED = ['vs baseline', 'noise band', 'verdict'] as const;

/** No frame: an ordinary terminal needs the room for the figures. */
const FRAMELESS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right'],
    ...['bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'right', 'right-mid', 'mid', 'mid-mid'],
  ].map((part) => [part, '']),
);

/** Where it was measured, what the adapter can do, and the contenders of each work and shape. */
export function benchTable(report: BenchReport, circumstances: Circumstances): string {
  const { adapter, host, versions, limits, date } = report;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Adapter: ${adapter.name}. Driver: ${adapter.driver || 'not told'}. Host: ${host}. Versions: ${list.join(', ')}. ${date}.`,
    `Limits, measured in this run: copy ${threeDigits(limits.copyGBps)} GB/s, multiply-add ${threeDigits(limits.fmaGflops)} GFLOP/s, empty dispatch ${threeDigits(limits.dispatchMicros)} µs, empty submit ${threeDigits(limits.submitMicros)} µs.`,
    ...benchNotes(report, circumstances),
    '',
    grouped(benchRows(report, circumstances)),
    '',
    ...benchFindings(report, circumstances),
  ].join('\n');
}

/** Lines grouped by work and shape, which stand once above each group. */
function grouped({ head, rows }: BenchRows): string {
  const [, , ...columns] = head;
  const table = new Table({
    head: ['  subject', ...columns.slice(1)],
    colAligns: columns.map((_, column) => (column < 2 ? 'left' : 'right')),
    chars: { ...FRAMELESS, middle: '  ' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const [name, group] of byWork(rows)) {
    table.push([{ colSpan: columns.length, content: name }]);
    for (const { cells, note } of group) {
      const [, , subject, ...others] = cells;
      const instead = {
        colSpan: head.length - cells.length,
        content: note,
        hAlign: 'left',
      } as const;
      table.push([`  ${subject}`, ...others, ...(note ? [instead] : [])]);
    }
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

/** The results in their order, and after them what could not run here. */
export function benchRows(
  { limits, results }: BenchReport,
  { omissions, baseline }: Circumstances,
): BenchRows {
  const whyWrong = (result: BenchResult) =>
    omissions.find(({ entry, wrong }) => wrong && entryKey(entry) === entryKey(result))?.reason ??
    'wrong';
  const rows = results.map((result): BenchRow => {
    if (!result.verified) return { cells: [...entryNames(result), 'NO'], note: whyWrong(result) };
    const { medianMs, lowMs, highMs, gflops, gbps } = result;
    const figures = [
      threeDigits(medianMs),
      isOneRun(result) ? 'one run' : `${threeDigits(lowMs)}–${threeDigits(highMs)}`,
      ratioCell(results, result),
      gflops === 0 ? '–' : threeDigits(gflops),
      threeDigits(gbps),
      shareOfNearestLimit(result, limits),
    ];
    const compared = baseline ? comparedCells(compareWith(baseline, result)) : [];
    return { cells: [...entryNames(result), 'yes', ...figures, ...compared] };
  });
  const skipped = omissions
    .filter(({ wrong }) => !wrong)
    .map(({ entry, reason }) => ({
      cells: [...entryNames(entry), '–'],
      note: `skipped: ${reason}`,
    }));
  return {
    head: [...NAMING, 'verified', ...FIGURES, ...(baseline ? COMPARED : [])],
    rows: [...rows, ...skipped],
  };
}

/** What to know in reading the figures. */
export function benchNotes(
  { limits, host }: BenchReport,
  { clock, baseline }: Circumstances,
): readonly string[] {
  const timed =
    clock === 'gpu'
      ? 'Kernels are timed by GPU timestamps, tasks (and kernels beside peers) by the wall clock'
      : 'Everything is timed by the wall clock';
  const clocks = `${timed}; low–high is the median's 95 % interval, of fewer than six runs, where more would take too long, the range; to ours is the ratio of the medians.`;
  if (!baseline) return [clocks];
  const { file, report } = baseline;
  const before = report.limits;
  const change = (now: number, then: number) => (now / then).toFixed(2);
  return [
    clocks,
    `Baseline: ${file}, ${report.host}, ${report.date}. ${
      report.host === host
        ? ''
        : `It ran in ${report.host} and this in ${host}: a part of each ratio is the hosts’ own cost of a dispatch and a wait. `
    }Since then the limits themselves changed: copy × ${change(limits.copyGBps, before.copyGBps)}, multiply-add × ${change(limits.fmaGflops, before.fmaGflops)}. A ratio below 1 is faster; within noise, when its band holds 1.${
      report.disturbed?.length
        ? ' Its machine was busy with something else: little can be said.'
        : ''
    }`,
  ];
}

/** What the results say together, and what makes them doubtful. */
export function benchFindings(
  { results }: BenchReport,
  { disturbances }: Circumstances,
): readonly string[] {
  return [
    ...results.flatMap(exponentialsLine),
    ...scalingLines(results),
    ...disturbanceWarning(disturbances),
  ];
}

function entryNames({ work, shape, subject, variant }: BenchEntry): readonly string[] {
  return [work, shapeLabel(shape), subject, variant];
}

function comparedCells(comparison: Comparison | undefined): readonly string[] {
  if (!comparison) return ['–', '–', 'not in the baseline'];
  const { ratio, low, high, verdict } = comparison;
  if (verdict === 'other clock') return ['–', '–', verdict];
  const band = verdict === 'too few runs' ? '–' : `${low.toFixed(2)}–${high.toFixed(2)}`;
  return [ratio.toFixed(2), band, verdict];
}

function exponentialsLine(result: BenchResult): readonly string[] {
  if (!result.verified || result.gexps === undefined) return [];
  const { work, subject, gexps } = result;
  return [`${work}, ${subject}: ${threeDigits(1000 * gexps)} million exponentials a second.`];
}

/** How the selection's time grows with each of its sizes, where enough of them were measured. */
function scalingLines(results: readonly BenchResult[]): readonly string[] {
  const own = results.filter(({ work }) => work === selectionScaling.name);
  return scalingExponents(own, SCALING_BASE).map(
    ({ size, exponent, error, shapes }) =>
      `${selectionScaling.name}: the time grows as ${size}^${exponent.toFixed(2)} (± ${error.toFixed(2)}, standard error; ${shapes} shapes, least squares of ln t, the other sizes as in ${shapeLabel(SCALING_BASE)}).`,
  );
}

function disturbanceWarning(disturbances: readonly Disturbance[]): readonly string[] {
  if (disturbances.length === 0) return [];
  const worst = new Map<string, number>();
  for (const { work, share } of disturbances) {
    const known = worst.get(work) ?? 1;
    worst.set(work, Math.abs(share - 1) > Math.abs(known - 1) ? share : known);
  }
  const shares = [...worst].map(([work, share]) => `${work} ${Math.round(100 * share)} %`);
  return [
    `Disturbed: right after some of the work the multiply-add rate was far from its limit (${shares.join(', ')}), so that something else was using the machine, then or while the limits were measured. Run it again on an idle machine.`,
  ];
}

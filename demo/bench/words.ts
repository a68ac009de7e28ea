import { type Comparison, compareWith } from '../../bench/baseline.js';
import type { BenchReport } from '../../bench/report.js';
import { threeDigits } from '../../bench/words.js';
import { plural } from '../../src/text.js';

/** Who measured: the adapter, its driver, the browser and the versions. */
export function whereMeasured({ adapter, host, versions }: BenchReport): string {
  const kind = adapter.kind === 'software' ? ', in software' : '';
  const driver = adapter.driver ? `, driver ${adapter.driver}` : '';
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${adapter.name}${kind}${driver}; ${host === 'browser' ? 'in a browser' : `host ${host}`}: ${programs.join(', ')}`;
}

/** By which clocks the figures are, and how fine those are. */
export function clocksUsed({ results, wallStepMicros }: BenchReport): string {
  const used = new Set(results.flatMap((result) => (result.verified ? [result.clock] : [])));
  const step =
    wallStepMicros === undefined ? '' : `, in steps of ${threeDigits(wallStepMicros)} µs`;
  if (used.has('gpu')) {
    return used.has('wall')
      ? `kernels by the GPU’s timestamps, tasks by the wall clock${step}`
      : 'the GPU’s timestamps';
  }
  return `the wall clock${step}`;
}

/** Whether something else was using the machine. */
export function disturbance({ disturbed }: BenchReport): string {
  if (!disturbed) return 'not told';
  if (disturbed.length === 0) return 'undisturbed: its speed stayed within 15 %';
  const told = disturbed.map(({ work, share }) => `after ${work} it was ${speedText(share)}`);
  const more = told.length > 3 ? `, and ${told.length - 3} more` : '';
  return `disturbed: ${told.slice(0, 3).join(', ')} as when the limits were measured${more}. Something else was using it at one of these times: run again when it is idle`;
}

function speedText(share: number): string {
  return share > 1 ? `${share.toFixed(1)} times as fast` : `${Math.round(100 * share)} % as fast`;
}

/** Whether something else was using one of the machines when this work was timed there. */
export function isDisturbed(work: string, ...reports: readonly BenchReport[]): boolean {
  return reports.some(({ disturbed = [] }) => disturbed.some((own) => own.work === work));
}

/** Verdicts as the page words them. */
const VERDICTS: Readonly<Record<Comparison['verdict'], string>> = {
  faster: 'faster',
  slower: 'slower',
  'within noise': 'no difference',
  'too few runs': 'too few samples',
  'other clock': 'other clock',
};

export function verdictText({ verdict }: Comparison, disturbed: boolean): string {
  const unsure = disturbed && (verdict === 'faster' || verdict === 'slower');
  return unsure ? `${VERDICTS[verdict]}, disturbed` : VERDICTS[verdict];
}

/** `0.52× (0.48–0.57)` */
export function ratioText({ ratio, low, high, verdict }: Comparison): string {
  if (verdict === 'other clock') return '–';
  const band = verdict === 'too few runs' ? '' : ` (${low.toFixed(2)}–${high.toFixed(2)})`;
  return `${ratio.toFixed(2)}×${band}`;
}

/** What the comparison comes to. */
export function comparisonText(report: BenchReport, baseline: BenchReport): string {
  const found = report.results.flatMap((result) => {
    const compared = result.verified && compareWith({ file: '', report: baseline }, result);
    if (!compared) return [];
    return [{ ...compared, disturbed: isDisturbed(result.work, report, baseline) }];
  });
  if (found.length === 0) return 'They have no work, shape and variant in common with these.';
  const count = (verdict: Comparison['verdict']) =>
    found.filter((each) => each.verdict === verdict).length;
  const undecided = count('too few runs') + count('other clock');
  const disturbed = found.filter((each) => each.disturbed).length;
  const parts = [
    `${count('faster')} faster here`,
    `${count('slower')} slower here`,
    `${count('within noise')} without a difference`,
    ...(undecided > 0 ? [`${undecided} that cannot be told`] : []),
  ];
  const doubt = disturbed > 0 ? ` Something disturbed ${disturbed} of them.` : '';
  return `Of ${plural(found.length, 'piece')} of work in common, ${parts.join(', ')}.${doubt}`;
}

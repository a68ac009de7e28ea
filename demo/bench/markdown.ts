import { type Baseline, compareWith } from '../../bench/baseline.js';
import { shapeLabel } from '../../bench/benchmark.js';
import { ratioCell } from '../../bench/ratio.js';
import { type BenchReport, hasFewSamples, isOneRun } from '../../bench/report.js';
import { emptyDispatches, shareOfNearestLimit, threeDigits } from '../../bench/words.js';
import {
  clocksUsed,
  disturbance,
  isDisturbed,
  ratioText,
  verdictText,
  whereMeasured,
} from './words.js';

const NAMING = ['work', 'shape', 'subject', 'variant'];
const HEAD = [
  ...NAMING,
  ...['median ms', '95 % interval', 'samples', 'clock'],
  ...['GFLOP/s', 'GB/s', 'of the limit', '× an empty dispatch'],
];

/** The report as a Markdown table, to paste into an issue. */
export function reportMarkdown(report: BenchReport, baseline?: Baseline): string {
  const { limits, results, date } = report;
  const peers = results.some(({ subject }) => subject !== 'espalier');
  const head = [
    ...HEAD,
    ...(peers ? ['to ours'] : []),
    ...(baseline ? ['time over baseline (band)', 'verdict'] : []),
  ];
  const lines = results.map((result) => {
    const { work, shape, subject, variant } = result;
    const name = [work, shapeLabel(shape), subject, variant];
    if (!result.verified) return [...name, 'wrong', ...head.slice(name.length + 1).map(() => '–')];
    const { medianMs, lowMs, highMs, samples, clock, gflops, gbps } = result;
    const dispatches = emptyDispatches(result, limits);
    const compared = baseline && compareWith(baseline, result);
    return [
      ...name,
      threeDigits(medianMs),
      isOneRun(result)
        ? 'one run'
        : `${threeDigits(lowMs)}–${threeDigits(highMs)}${hasFewSamples(result) ? '*' : ''}`,
      String(samples ?? '–'),
      clock ?? '–',
      gflops === 0 ? '–' : threeDigits(gflops),
      threeDigits(gbps),
      shareOfNearestLimit(result, limits),
      dispatches === undefined ? '–' : threeDigits(dispatches),
      ...(peers ? [ratioCell(results, result)] : []),
      ...(baseline
        ? [
            compared ? ratioText(compared) : '–',
            compared
              ? verdictText(compared, isDisturbed(work, report, baseline.report))
              : 'not in the baseline',
          ]
        : []),
    ];
  });
  const few = results.some(
    (result) => result.verified && hasFewSamples(result) && !isOneRun(result),
  );
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const sides = head.map((_, at) => (at < NAMING.length ? ':--' : '--:'));
  return `Measured ${date} on ${whereMeasured(report)}.
Clock: ${clocksUsed(report)}. Machine ${disturbance(report)}.
Limits, measured in this run: copy ${threeDigits(limits.copyGBps)} GB/s, multiply-add ${threeDigits(limits.fmaGflops)} GFLOP/s, empty dispatch ${threeDigits(limits.dispatchMicros)} µs, empty submit ${threeDigits(limits.submitMicros)} µs.
${baseline ? `Baseline: ${baseline.report.date}, ${whereMeasured(baseline.report)}. Its machine ${disturbance(baseline.report)}.\n` : ''}
${[head, sides, ...lines].map(row).join('\n')}
${few ? '\n\\* The range of fewer than six samples, which is no 95 % interval.\n' : ''}`;
}

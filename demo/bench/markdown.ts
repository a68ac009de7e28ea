import { shapeLabel } from '../../bench/benchmark.js';
import type { BenchReport } from '../../bench/report.js';
import { shareOfNearestLimit, threeDigits } from '../../bench/words.js';

/** The report as a Markdown table, to paste into an issue. */
export function reportMarkdown({ adapter, versions, limits, results }: BenchReport): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const kind = adapter.kind === 'software' ? ' (software, no GPU)' : '';
  const lines = results.map((result) => {
    const { work, shape } = result;
    const figures = result.verified
      ? [
          threeDigits(result.medianMs),
          result.gflops === 0 ? '–' : threeDigits(result.gflops),
          threeDigits(result.gbps),
          shareOfNearestLimit(result, limits),
        ]
      : ['wrong', '–', '–', '–'];
    return `| ${[work, shapeLabel(shape), ...figures].join(' | ')} |`;
  });
  return `Adapter: ${adapter.name}${kind}, in the browser; ${programs.join(', ')}.
Limits, measured in this run: copy ${threeDigits(limits.copyGBps)} GB/s, multiply-add ${threeDigits(limits.fmaGflops)} GFLOP/s, empty dispatch ${threeDigits(limits.dispatchMicros)} µs, empty submit ${threeDigits(limits.submitMicros)} µs.

| kernel | shape | median ms | GFLOP/s | GB/s | of the limit |
| :-- | :-- | --: | --: | --: | --: |
${lines.join('\n')}
`;
}

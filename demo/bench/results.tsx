import { shapeLabel } from '../../bench/benchmark.js';
import type { BenchReport, MeasuredResult } from '../../bench/report.js';
import { nearestLimit, percentOfLimit, threeDigits } from '../../bench/words.js';
import type { Row } from './state.js';

interface ResultsProps {
  readonly rows: readonly Row[];
  readonly limits: BenchReport['limits'] | undefined;
  readonly running: boolean;
}

/** A table with a row for each kernel. A row is filled in when its kernel has been timed. */
export function Results({ rows, limits, running }: ResultsProps) {
  const now = rows.findIndex(({ result, trouble }) => !result && !trouble);
  return (
    <section class="card results" aria-labelledby="results-title">
      <h2 id="results-title">The kernels, each at one shape</h2>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">Median, ms</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">GB/s</th>
            <th scope="col" class="share">
              Share of a limit
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ work, shape, result, trouble, verified }, place) => (
            <tr key={work} class={result ? '' : 'waiting'}>
              <th scope="row">
                {work} <small>{shapeLabel(shape).replaceAll(',', ', ')}</small>
              </th>
              {result && limits ? (
                <Measured result={result} limits={limits} />
              ) : (
                <td colSpan={4}>
                  {trouble ??
                    (running && limits && place === now && (verified ? 'timing…' : 'checking…'))}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="note">
        GFLOP/s and GB/s count the least that the work takes, when every input is read once and
        every output written once. Small kernels are bound by what a dispatch costs, not by either
        limit.
      </p>
    </section>
  );
}

interface MeasuredProps {
  readonly result: MeasuredResult;
  readonly limits: BenchReport['limits'];
}

function Measured({ result, limits }: MeasuredProps) {
  const { medianMs, gflops, gbps, shareOfLimit } = result;
  return (
    <>
      <td>{threeDigits(medianMs)}</td>
      <td>{gflops === 0 ? '–' : threeDigits(gflops)}</td>
      <td>{threeDigits(gbps)}</td>
      <td class="share">
        <span class={`gauge ${nearestLimit(result, limits)}`}>
          <i style={{ width: `${Math.min(100, 100 * shareOfLimit)}%` }} />
        </span>
        <b>{percentOfLimit(result)}</b>
        <small>{nearestLimit(result, limits)}</small>
      </td>
    </>
  );
}

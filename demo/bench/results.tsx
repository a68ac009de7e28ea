import { Fragment } from 'preact';
import { type Baseline, compareWith } from '../../bench/baseline.js';
import { shapeLabel } from '../../bench/benchmark.js';
import { ratioToOwn } from '../../bench/ratio.js';
import { type BenchReport, isOneRun, type MeasuredResult } from '../../bench/report.js';
import { emptyDispatches, nearestLimit, percentOfLimit, threeDigits } from '../../bench/words.js';
import { Circumstances } from './circumstances.js';
import { NAMES } from './peers.js';
import type { Row } from './record.js';
import type { Benching } from './state.js';
import { isDisturbed, ratioText, verdictText } from './words.js';

/** A table with a row for each work. A row is filled in when its work has been timed. */
export function Results({ benching }: { readonly benching: Benching }) {
  const { rows, record, earlier, mode, now, baseline } = benching;
  const report = record.value?.report;
  const other = baseline.value;
  const columns = other ? 5 : 4;
  return (
    <section class="card results" aria-labelledby="results-title">
      <h2 id="results-title">How long the work takes</h2>
      {report && <Circumstances report={report} earlier={earlier.value} />}
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Work</th>
            <th scope="col">Median, ms</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">GB/s</th>
            <th scope="col" class="share">
              Share of a limit
            </th>
            {other && (
              <th scope="col" class="versus">
                Time over theirs
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.value.map(({ work, shape, result, trouble, rivals }) => (
            <Fragment key={work}>
              <tr class={result ? '' : 'waiting'}>
                <th scope="row">
                  {work} <small>{shapeText(shape, result)}</small>
                </th>
                {result && report ? (
                  <>
                    <Measured result={result} report={report} />
                    {other && <Beside result={result} report={report} baseline={other} />}
                  </>
                ) : (
                  <td colSpan={columns}>
                    {trouble ??
                      (mode.value === 'running' &&
                        now.value?.work === work &&
                        `${now.value.doing}…`)}
                  </td>
                )}
              </tr>
              {rivals.map((rival) => (
                <tr key={rival.subject} class="rival">
                  <th scope="row">
                    <span class="hidden">{work} by </span>
                    {NAMES[rival.subject]}
                  </th>
                  {rival.result && report ? (
                    <>
                      <Measured result={rival.result} report={report} />
                      {other && <Beside result={rival.result} report={report} baseline={other} />}
                    </>
                  ) : (
                    <td colSpan={columns}>{rival.trouble}</td>
                  )}
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
      <p class="note">
        Under each median its 95 % interval, or the range of fewer than six samples, and how many
        samples there are. GFLOP/s and GB/s count the least that the work takes, when every input is
        read once and every output written once. What takes less than ten empty dispatches is bound
        by those, not by either limit.
      </p>
    </section>
  );
}

function shapeText(shape: Row['shape'], result: MeasuredResult | undefined): string {
  const sizes = shapeLabel(shape).replaceAll(',', ', ');
  return result && result.variant !== 'default' ? `${sizes}; ${result.variant}` : sizes;
}

interface MeasuredProps {
  readonly result: MeasuredResult;
  readonly report: BenchReport;
}

function Measured({ result, report }: MeasuredProps) {
  const { medianMs, lowMs, highMs, samples, clock, gflops, gbps, shareOfLimit } = result;
  const nearest = nearestLimit(result, report.limits);
  const [figure, unit] = shareFigure(result, report);
  return (
    <>
      <td>
        {threeDigits(medianMs)}
        <small>
          {isOneRun(result) ? 'one run' : `${threeDigits(lowMs)}–${threeDigits(highMs)}`}
          {samples !== undefined && !isOneRun(result) && ` of ${samples}`}
          {clock === 'gpu' && ', GPU'}
        </small>
      </td>
      <td>{gflops === 0 ? '–' : threeDigits(gflops)}</td>
      <td>{threeDigits(gbps)}</td>
      <td class="share">
        <span class={`gauge ${nearest}`}>
          <i style={{ width: `${Math.min(100, 100 * shareOfLimit)}%` }} />
        </span>
        <b>{figure}</b>
        <small>{unit}</small>
      </td>
    </>
  );
}

/** Of a peer, how many times as long it takes; otherwise the share of a limit, where that says something. */
function shareFigure(result: MeasuredResult, { limits, results }: BenchReport) {
  const ratio = result.subject === 'espalier' ? undefined : ratioToOwn(results, result);
  if (ratio !== undefined) return [`${threeDigits(ratio)}×`, 'our time'] as const;
  const dispatches = emptyDispatches(result, limits);
  return dispatches === undefined
    ? ([percentOfLimit(result), nearestLimit(result, limits)] as const)
    : ([`${threeDigits(dispatches)}×`, 'an empty dispatch'] as const);
}

interface BesideProps extends MeasuredProps {
  readonly baseline: Baseline;
}

function Beside({ result, report, baseline }: BesideProps) {
  const compared = compareWith(baseline, result);
  if (!compared) return <td class="versus">–</td>;
  const disturbed = isDisturbed(result.work, report, baseline.report);
  const sure = disturbed ? 'disturbed' : '';
  return (
    <td class={`versus ${compared.verdict.replaceAll(' ', '-')} ${sure}`}>
      <b>{verdictText(compared, disturbed)}</b> <small>{ratioText(compared)}</small>
    </td>
  );
}

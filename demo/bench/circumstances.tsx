import type { BenchReport } from '../../bench/report.js';
import { clocksUsed, disturbance, whereMeasured } from './words.js';

interface CircumstancesProps {
  readonly report: BenchReport;
  /** Whether it was measured before this page was loaded. */
  readonly earlier: boolean;
}

/** When, where and by which clock it was measured, and whether that can be trusted. */
export function Circumstances({ report, earlier }: CircumstancesProps) {
  const when = new Date(report.date).toLocaleString(undefined, {
    dateStyle: 'long',
    timeStyle: 'short',
  });
  const busy = (report.disturbed?.length ?? 0) > 0;
  return (
    <dl class="circumstances">
      <div>
        <dt>When</dt>
        <dd>
          {when}
          {earlier && ', kept in this browser since'}
        </dd>
      </div>
      <div>
        <dt>Where</dt>
        <dd>{whereMeasured(report)}</dd>
      </div>
      <div>
        <dt>Clock</dt>
        <dd>{clocksUsed(report)}</dd>
      </div>
      <div class={busy ? 'busy' : ''}>
        <dt>Machine</dt>
        <dd>{disturbance(report)}</dd>
      </div>
    </dl>
  );
}

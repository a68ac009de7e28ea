import { useEffect, useRef } from 'preact/hooks';
import { plural } from '../../src/text.js';
import type { Benching } from './state.js';
import { comparisonText, disturbance, whereMeasured } from './words.js';

/** Brings the results of another machine or an earlier day, and says what they are. */
export function Against({ benching }: { readonly benching: Benching }) {
  const { baseline, compareWith, compareNoMore } = benching;
  const other = baseline.value;
  return (
    <section class="card against" aria-labelledby="against-title">
      <h2 id="against-title">Beside another machine, or another day</h2>
      {other ? (
        <p>
          <b>{other.file}</b>: {whereMeasured(other.report)};{' '}
          {new Date(other.report.date).toLocaleDateString(undefined, { dateStyle: 'long' })};{' '}
          {plural(other.report.results.length, 'result')}; machine {disturbance(other.report)}.
        </p>
      ) : (
        <p>
          Drop a file that <b>Save JSON</b> or <code>espalier bench --json</code> wrote: each row
          then says faster, slower or no difference, by both intervals.
        </p>
      )}
      <div class="row">
        <label class="button">
          {other ? 'Compare with another file' : 'Choose a file'}
          <input
            type="file"
            name="baseline"
            accept=".json,application/json"
            onChange={({ currentTarget }) => {
              const files = [...(currentTarget.files ?? [])];
              currentTarget.value = '';
              void compareWith(files.map((file) => ({ path: file.name, file })));
            }}
          />
        </label>
        {other && (
          <button type="button" onClick={compareNoMore}>
            Compare no more
          </button>
        )}
      </div>
    </section>
  );
}

/** What came of the file that was brought, beside the button: wherever it was dropped, that is where the table begins. */
export function Brought({ benching }: { readonly benching: Benching }) {
  const [own, other] = [benching.record.value?.report, benching.baseline.value];
  const fault = benching.fault.value;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (fault !== undefined || other) place.current?.scrollIntoView({ block: 'nearest' });
  }, [fault, other]);
  return (
    <div role="status" ref={place} class="brought">
      {fault !== undefined && <p class="fault">{fault}</p>}
      {other && (
        <p>
          Compared with <b>{other.file}</b>.{' '}
          {own
            ? comparisonText(own, other.report)
            : 'Press Run, and each row says how the two compare.'}
        </p>
      )}
    </div>
  );
}

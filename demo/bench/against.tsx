import { plural } from '../../src/text.js';
import type { Benching } from './state.js';
import { comparisonText, disturbance, whereMeasured } from './words.js';

/** Brings the results of another machine or an earlier day, and says what they are. */
export function Against({ benching }: { readonly benching: Benching }) {
  const { baseline, record, fault, compareWith, compareNoMore } = benching;
  const other = baseline.value;
  const own = record.value;
  return (
    <section class="card against" aria-labelledby="against-title">
      <h2 id="against-title">Beside another machine, or another day</h2>
      {other ? (
        <>
          <p>
            <b>{other.file}</b>: {whereMeasured(other.report)};{' '}
            {new Date(other.report.date).toLocaleDateString(undefined, { dateStyle: 'long' })};{' '}
            {plural(other.report.results.length, 'result')}; machine {disturbance(other.report)}.
          </p>
          <p role="status">
            {own
              ? comparisonText(own.report, other.report)
              : 'Press Run: each row then says how the two compare.'}
          </p>
        </>
      ) : (
        <p>
          Drop a file that <b>Save JSON</b> or <code>espalier bench --json</code> wrote: each row
          then says faster, slower or no difference, by both intervals.
        </p>
      )}
      <div role="status">{fault.value && <p class="fault">{fault.value}</p>}</div>
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

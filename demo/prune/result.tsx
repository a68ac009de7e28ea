import { grouped, plural } from '../../src/text.js';
import { percent, short } from '../model/format.js';
import { Aside } from './aside.js';
import { Picture } from './bring.js';
import { fileSize, quality } from './figures.js';
import { MOST_RESULTS, type ResultView, type Side } from './protocol.js';
import type { Prune } from './state.js';
import { costOf, verdictOf } from './verdict.js';

/** What came out: the smaller network beside the one that came in. */
export function ResultCard({ prune }: { readonly prune: Prune }) {
  const result = prune.result.value;
  const { aside, pictures } = prune.standing.value ?? {};
  return (
    <section class="card result" aria-labelledby="prune-result">
      <h2 id="prune-result">
        <b class="number">4</b> What comes out
      </h2>
      {result ? (
        <>
          <Headline result={result} />
          {!result.current && (
            <p class="note">
              It was made with {plural(result.pictures.count, 'picture')} ({result.pictures.name}),
              before these pictures or their pixels were chosen.
            </p>
          )}
          <Tries prune={prune} shown={result} />
          <Figures result={result} />
          {result.few && (
            <p class="note warn">
              {plural(result.calibrated, 'picture')} made this cut, fewer than the{' '}
              {result.few.channels} channels of {result.few.unit}: with more of them the rest would
              answer better.
            </p>
          )}
          <p class="note">
            It took {Math.round(result.seconds)} s. Nothing was trained: what reads the channels
            that stay was fitted to them by {plural(result.calibrated, 'picture')}.
          </p>
        </>
      ) : (
        <>
          <p class="headline unknown">
            <b>?</b> {pictures?.labelled === false ? 'same answers' : 'right'}
          </p>
          <p class="about">
            How much can go before it answers worse? Press Prune. The smaller network appears here
            beside the one that came in, with the pictures that they disagree on, and as a file to
            take away.
          </p>
          {aside && aside.results > 0 && <Aside prune={prune} aside={aside} />}
        </>
      )}
    </section>
  );
}

function Headline({ result }: { readonly result: ResultView }) {
  const { cost, size, counted, quality, meaning, said, advice, judges } = verdictOf(result);
  return (
    <>
      <p class={`headline ${cost}`}>
        <span class="figure">
          <b>{size}</b> {counted},
        </span>{' '}
        <span class="figure">
          <b>{quality}</b> {meaning}
        </span>
      </p>
      <p class={`verdict ${cost}`}>
        <b>{said}</b> {advice}
      </p>
      <p class="note">{judges}</p>
    </>
  );
}

/** All results that are kept, to go back to. */
function Tries({ prune, shown }: { readonly prune: Prune; readonly shown: ResultView }) {
  const results = prune.standing.value?.results ?? [];
  if (results.length < 2) return null;
  return (
    <fieldset class="tries" aria-label="What you have tried">
      {results.map((result) => (
        <button
          key={result.id}
          type="button"
          aria-pressed={result.id === shown.id}
          onClick={() => prune.show(result.id)}
        >
          {percent(result.reached)}
          <small class={costOf(result)}>
            {percent(quality(result))} {result.pruned.accuracy === undefined ? 'same' : 'right'}
          </small>
        </button>
      ))}
      {results.length === MOST_RESULTS && (
        <p class="note">Of what you try the newest {MOST_RESULTS} are kept.</p>
      )}
    </fieldset>
  );
}

function Figures({ result }: { readonly result: ResultView }) {
  const { dense, pruned } = result;
  const rows: readonly (readonly [string, (side: Side) => string])[] = [
    ['Multiply-adds', ({ multiplyAdds }) => short(multiplyAdds)],
    ['Parameters', ({ parameters }) => short(parameters)],
    ['File', ({ bytes }) => fileSize(bytes)],
    ...dense.milliseconds.map(
      ({ batch }, at) =>
        [
          `ms a picture, ${batch} at once`,
          ({ milliseconds }: Side) => (milliseconds[at]?.perPicture ?? 0).toPrecision(3),
        ] as const,
    ),
    ...(dense.accuracy === undefined
      ? []
      : [['Right answers', ({ accuracy }: Side) => percent(accuracy ?? 0)] as const]),
  ];
  return (
    <table class="numbers">
      <thead>
        <tr>
          <td />
          <th scope="col" class="dense">
            As it came
          </th>
          <th scope="col" class="subnetwork">
            Pruned
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="dense">{value(dense)}</td>
            <td class="subnetwork">{value(pruned)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The pictures for which the two networks' answers differ. */
export function Disputes({ result }: { readonly result: ResultView }) {
  const { disputes, agreement, judged } = result;
  const count = Math.round((1 - agreement) * judged);
  return (
    <section class="card" aria-labelledby="prune-disputes">
      <h2 id="prune-disputes">Where the two disagree</h2>
      <p class="about">
        {count === 0
          ? `On none of ${plural(judged, 'picture')} that judge.`
          : `On ${grouped(count)} of ${plural(judged, 'picture')} that judge${count > disputes.length ? `; the first ${disputes.length}` : ''}:`}
      </p>
      <ul class="disputes">
        {disputes.map(({ picture, dense, pruned, label }, at) => (
          <li key={`${result.id} ${at}`}>
            <Picture picture={picture} />
            <span>
              {label !== undefined && <span>is {label}</span>}
              <span class="dense">
                as it came: {dense}
                {label === dense && '\u00a0✓'}
              </span>
              <span class="subnetwork">
                pruned: {pruned}
                {label === pruned && '\u00a0✓'}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

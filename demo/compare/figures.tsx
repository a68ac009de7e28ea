import type { Comparison, Contender } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import { percent } from '../model/format.js';
import { METHODS } from './methods.js';
import type { Comparing, Subject } from './state.js';

interface FiguresProps {
  readonly comparing: Comparing;
  readonly subject: Subject;
  readonly size: number;
  readonly chosen: Contender | undefined;
  readonly onSize: (size: number) => void;
  readonly onPoint: (method: Contender | undefined) => void;
  readonly onChoose: (method: Contender) => void;
}

/** A table of all methods at one size: the best first, unfinished ones last. */
export function Figures(props: FiguresProps) {
  const { comparing, subject, size, chosen, onSize, onPoint, onChoose } = props;
  const outcomes = comparing.outcomes.value;
  const done = outcomes
    .flatMap(({ rows }) => rows[subject.sizes.indexOf(size)] ?? [])
    .toSorted((a, b) => a.trainingLoss - b.trainingLoss);
  const waiting = subject.contenders.filter(
    (contender) => !outcomes.some(({ method }) => method === contender),
  );
  const now = comparing.mode.value === 'running' ? comparing.progress.value?.what : undefined;
  const { figures } = subject.dense;
  return (
    <section class="card figures" aria-labelledby="figures-title">
      <h2 id="figures-title">{verdict(done, waiting.length > 0, size)}</h2>
      <fieldset class="timeline">
        <legend>After picks</legend>
        {subject.sizes.map((each) => (
          <label key={each}>
            <input
              type="radio"
              name="size"
              value={each}
              checked={each === size}
              onChange={() => onSize(each)}
            />
            <span class="pill">{grouped(each)}</span>
          </label>
        ))}
      </fieldset>
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Error</th>
            <th scope="col">On new digits</th>
            <th scope="col">Right answers</th>
          </tr>
        </thead>
        <tbody onMouseLeave={() => onPoint(undefined)}>
          {done.map((row) => (
            <tr
              key={row.method}
              class={row.method === chosen ? 'chosen' : ''}
              onMouseEnter={() => onPoint(row.method)}
            >
              <th scope="row">
                <Choice
                  method={row.method}
                  chosen={row.method === chosen}
                  onChoose={onChoose}
                  onPoint={onPoint}
                />
              </th>
              <td>{row.trainingLoss.toFixed(3)}</td>
              <td>{row.testLoss.toFixed(3)}</td>
              <td>{percent(row.testAccuracy)}</td>
            </tr>
          ))}
          {waiting.map((method) => (
            <tr key={method} class="waiting">
              <th scope="row">
                <Name method={method} />
              </th>
              <td colSpan={3}>{method === now ? 'at work…' : ''}</td>
            </tr>
          ))}
          <tr class="whole" onMouseEnter={() => onPoint(undefined)}>
            <th scope="row">
              <span class="method">
                <i class="line" style={{ borderColor: 'var(--dense)' }} /> All{' '}
                {grouped(figures.width)} neurons
              </span>
            </th>
            <td>{figures.trainingLoss.toFixed(3)}</td>
            <td>{figures.testLoss.toFixed(3)}</td>
            <td>{percent(figures.testAccuracy)}</td>
          </tr>
        </tbody>
      </table>
      <p class="note">
        {chosen
          ? `${METHODS[chosen].name} ${METHODS[chosen].how}.`
          : 'Choose a method to see its curve stand out and how it chooses.'}
      </p>
    </section>
  );
}

interface ChoiceProps {
  readonly method: Contender;
  readonly chosen: boolean;
  readonly onChoose: (method: Contender) => void;
  readonly onPoint: (method: Contender | undefined) => void;
}

function Choice({ method, chosen, onChoose, onPoint }: ChoiceProps) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={() => onChoose(method)}
      onFocus={() => onPoint(method)}
      onBlur={() => onPoint(undefined)}
    >
      <Name method={method} />
    </button>
  );
}

function verdict(done: readonly Comparison[], unfinished: boolean, size: number): string {
  const [best] = done;
  if (!best) return 'The methods, best first';
  const so = unfinished ? 'So far' : `With ${grouped(size)} picks`;
  return `${so}, “${METHODS[best.method].name}” keeps the most`;
}

/** A method's name with the colour of its curve. */
export function Name({ method }: { readonly method: Contender }) {
  const { name, colour } = METHODS[method];
  return (
    <span class="method">
      <i class="line" style={{ borderColor: `var(${colour})` }} /> {name}
    </span>
  );
}

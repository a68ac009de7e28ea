import type { Comparison, Contender } from '../../src/index.js';
import { grouped, plural } from '../../src/text.js';
import { usePage } from '../view/context.js';
import { Pills } from '../view/pills.js';
import { bestFirst, MEASURES, type Measure, type Stage, stagesWith } from './measures.js';
import { METHODS } from './methods.js';
import type { Comparing } from './state.js';
import type { Subject } from './subject.js';

interface FiguresProps {
  readonly comparing: Comparing;
  readonly subject: Subject;
  readonly stage: Stage;
  readonly measure: Measure;
  readonly size: number;
  readonly chosen: Contender | undefined;
  readonly onSize: (size: number) => void;
  readonly onPoint: (method: Contender | undefined) => void;
  readonly onChoose: (method: Contender) => void;
}

/**
 * A table of all methods at one size, as pruned and as improved: the best in the chosen column
 * first, unfinished ones last.
 */
export function Figures(props: FiguresProps) {
  const { comparing, subject, stage, measure, size, chosen, onSize, onPoint, onChoose } = props;
  const page = usePage();
  const outcomes = comparing.outcomes.value;
  const stages = stagesWith(subject.config);
  const done = bestFirst(
    outcomes.flatMap(({ rows }) => rows[subject.sizes.indexOf(size)] ?? []),
    stage,
    measure,
  );
  const waiting = subject.contenders.filter(
    (contender) => !outcomes.some(({ method }) => method === contender),
  );
  const now = comparing.mode.value === 'running' ? comparing.progress.value?.what : undefined;
  const dense = comparing.dense.value;
  const tested = page.subject.value?.test;
  const { key, show } = measure;
  const figure = (value: number | undefined) => (value === undefined ? '–' : show(value));
  return (
    <section class="card figures" aria-labelledby="figures-title">
      <h2 id="figures-title">
        {verdict(props, done, { unfinished: waiting.length > 0, tested: tested?.count })}
      </h2>
      <Pills
        legend="Picks"
        name="size"
        options={subject.sizes.map((each) => [each, grouped(each)] as const)}
        value={size}
        onChange={onSize}
      />
      <Pills
        legend="Show"
        name="measure"
        options={MEASURES.map((each) => [each.key, each.name] as const)}
        value={key}
        onChange={(next) => page.keep('compare.measure', next)}
      />
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">Method</th>
            {stages.map((each) => (
              <th
                key={each.key}
                scope="col"
                class={each === stage ? 'by' : ''}
                {...(each === stage && {
                  'aria-sort': measure.rising ? 'descending' : 'ascending',
                })}
              >
                {stages.length > 1 ? (
                  <button type="button" onClick={() => page.keep('compare.stage', each.key)}>
                    {each.name}
                  </button>
                ) : (
                  each.name
                )}
              </th>
            ))}
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
              {stages.map((each) => (
                <td key={each.key} class={each === stage ? 'by' : ''}>
                  {figure(each.at(row)?.[key])}
                </td>
              ))}
            </tr>
          ))}
          {waiting.map((method) => (
            <tr key={method} class="waiting">
              <th scope="row">
                <Name method={method} />
              </th>
              <td colSpan={stages.length}>{method === now ? 'at work…' : ''}</td>
            </tr>
          ))}
          {dense && (
            <tr class="whole" onMouseEnter={() => onPoint(undefined)}>
              <th scope="row">
                <span class="method">
                  <i class="line" style={{ borderColor: 'var(--dense)' }} /> All{' '}
                  {grouped(widthOf(subject))} neurons
                </span>
              </th>
              {stages.map((each) => (
                <td key={each.key} class={each === stage ? 'by' : ''}>
                  {figure(each.dense(dense)?.[key])}
                </td>
              ))}
            </tr>
          )}
        </tbody>
      </table>
      <p class="note">
        {chosen
          ? `${METHODS[chosen].name} ${METHODS[chosen].how}.`
          : 'Choose a method to see its curve stand out and how it chooses.'}
        {dense && subject.config.fineTune > 0 && ` ${fairness(subject)}`}
        {measure.key === 'testAccuracy' && tested && ` ${uncertainty(done, stage, tested.count)}`}
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

function widthOf({ network, config }: Subject): number {
  return network?.width ?? config.width;
}

function fairness({ config: { fineTune } }: Subject): string {
  return `Fine-tuned, all have had the same ${plural(fineTune, 'step')} more, the dense network too.`;
}

/** The standard error of a share of n answers: √(p (1 − p) / n). */
function standardError(share: number, count: number): number {
  return Math.sqrt((share * (1 - share)) / count);
}

function uncertainty([best]: readonly Comparison[], stage: Stage, count: number): string {
  const points = 100 * standardError((best && stage.at(best)?.testAccuracy) ?? 0.5, count);
  return `Of ${plural(count, 'new digit')}, a share is uncertain by ${points.toFixed(1)} points (standard error).`;
}

/** How many others have as many right answers as the best, within its standard error. */
function equals(rows: readonly Comparison[], stage: Stage, count: number): number {
  const shares = rows.flatMap((row) => stage.at(row)?.testAccuracy ?? []);
  const most = Math.max(...shares);
  return shares.filter((share) => share >= most - standardError(most, count)).length - 1;
}

function verdict(
  { comparing, size, stage, measure }: FiguresProps,
  rows: readonly Comparison[],
  { unfinished, tested }: { readonly unfinished: boolean; readonly tested: number | undefined },
): string {
  const [best] = rows;
  if (!best) return 'The methods, best first';
  const so = unfinished ? 'So far' : `With ${plural(size, 'pick')}`;
  const value = stage.at(best)?.[measure.key];
  const figures = comparing.dense.value;
  const dense = figures && stage.dense(figures)?.[measure.key];
  const beside = dense === undefined ? '' : `; all neurons ${measure.show(dense)}`;
  if (value === undefined) return `${so}, nothing to tell of`;
  const { name } = METHODS[best.method];
  const close = measure.key === 'testAccuracy' && tested ? equals(rows, stage, tested) : 0;
  return close > 0
    ? `${so}, “${name}” leads with ${measure.show(value)}, and ${plural(close, 'other')} cannot be told from it${beside}`
    : `${so}, “${name}” is best: ${measure.show(value)}${beside}`;
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

import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { CONTENDERS, type Contender } from '../../src/index.js';
import { plural } from '../../src/text.js';
import { usePage } from '../view/context.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { ContestPlayer } from './contest-player.js';
import { Curves } from './curves.js';
import { Figures, Name } from './figures.js';
import { bestFirst, type Measure, measureIn, type Stage, stageIn, stagesWith } from './measures.js';
import { METHODS } from './methods.js';
import { Options } from './options.js';
import { type Comparing, createComparing } from './state.js';

/** Compares all methods of pruning on one network: that of Play or, before, one of its own. */
export function CompareTab() {
  const page = usePage();
  const [comparing] = useState(() => createComparing(page));
  const pointed = useSignal<Contender | undefined>(undefined);
  const chosen = useSignal<Contender | undefined>(undefined);
  const size = useSignal<number | undefined>(undefined);
  const subject = comparing.subject.value;
  const sizes = subject?.sizes ?? [];
  const kept = page.kept.value;
  const measure = measureIn(kept);
  const stage = stageIn(kept, subject ? stagesWith(subject.config) : []);
  const shown = sizes.find((each) => each === size.value) ?? sizes.at(-1) ?? 0;
  return (
    <>
      <Opening title="Which way of pruning keeps the most of one network?">
        <OtherTurn view="compare" />
        <ContestPlayer comparing={comparing} />
        <Options comparing={comparing} />
      </Opening>
      {!subject && <Ways />}
      {subject && (
        <div class="contest">
          <Curves
            comparing={comparing}
            subject={subject}
            stage={stage}
            measure={measure}
            size={shown}
            lit={pointed.value ?? chosen.value}
            onPoint={(method) => {
              pointed.value = method;
            }}
          />
          <Figures
            comparing={comparing}
            subject={subject}
            stage={stage}
            measure={measure}
            size={shown}
            chosen={chosen.value}
            onSize={(next) => {
              size.value = next;
            }}
            onPoint={(method) => {
              pointed.value = method;
            }}
            onChoose={(method) => {
              chosen.value = method === chosen.value ? undefined : method;
            }}
          />
        </div>
      )}
      <p class="hidden" role="status">
        {comparisonAnnouncement(comparing, stage, measure)}
      </p>
    </>
  );
}

/** The list of methods, shown before there are results. */
function Ways() {
  return (
    <section class="card" aria-labelledby="ways-title">
      <h2 id="ways-title">Ways to choose a few neurons out of many</h2>
      <dl class="ways">
        {CONTENDERS.map((method) => (
          <div key={method}>
            <dt>
              <Name method={method} />
            </dt>
            <dd>{METHODS[method].how}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** For screen readers: the outcome, once the comparison is done. */
function comparisonAnnouncement(
  { mode, outcomes, dense }: Comparing,
  stage: Stage,
  measure: Measure,
): string {
  if (mode.value !== 'done') return '';
  const last = outcomes.value.flatMap(({ rows }) => rows.slice(-1));
  const [best] = bestFirst(last, stage, measure);
  const value = best && stage.at(best)?.[measure.key];
  if (!best || value === undefined || !dense.value) return '';
  const whole = stage.dense(dense.value)?.[measure.key];
  const beside = whole === undefined ? '' : `, the dense network ${measure.show(whole)}`;
  return `Compared ${plural(last.length, 'way')}: at ${plural(best.picks, 'pick')} ${METHODS[best.method].name} is best, with ${measure.show(value)} (${measure.name})${beside}.`;
}

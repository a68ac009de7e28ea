import { useSignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { CONTENDERS, type Contender } from '../../src/index.js';
import { percent } from '../model/format.js';
import { usePage } from '../view/context.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { ContestPlayer } from './contest-player.js';
import { Curves } from './curves.js';
import { Figures, Name } from './figures.js';
import { METHODS } from './methods.js';
import { type Comparing, createComparing } from './state.js';

/** Compares all methods of pruning on the network that Play has trained. */
export function CompareTab() {
  const page = usePage();
  const [comparing] = useState(() => createComparing(page));
  const pointed = useSignal<Contender | undefined>(undefined);
  const chosen = useSignal<Contender | undefined>(undefined);
  const size = useSignal<number | undefined>(undefined);
  const subject = comparing.subject.value ?? comparing.next.value;
  const sizes = subject?.sizes ?? [];
  const shown = sizes.find((each) => each === size.value) ?? sizes.at(-1) ?? 0;
  return (
    <>
      <Opening title="Which way of pruning keeps the most of one network?">
        <OtherTurn view="compare" />
        <ContestPlayer comparing={comparing} />
      </Opening>
      {!subject && <Ways />}
      {subject && (
        <div class="contest">
          <Curves
            comparing={comparing}
            subject={subject}
            size={shown}
            lit={pointed.value ?? chosen.value}
            onPoint={(method) => {
              pointed.value = method;
            }}
          />
          <Figures
            comparing={comparing}
            subject={subject}
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
        {comparisonAnnouncement(comparing)}
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
function comparisonAnnouncement({ mode, outcomes, subject }: Comparing): string {
  if (mode.value !== 'done') return '';
  const last = outcomes.value.flatMap(({ rows }) => rows.slice(-1));
  const [best] = last.toSorted((a, b) => a.trainingLoss - b.trainingLoss);
  if (!best || !subject.value) return '';
  return `Compared ${last.length} ways: at ${best.picks} picks ${METHODS[best.method].name} has the smallest error and ${percent(best.testAccuracy)} right, the dense network ${percent(subject.value.dense.figures.testAccuracy)}.`;
}

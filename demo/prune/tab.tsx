import { useEffect, useState } from 'preact/hooks';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { OtherTurn } from '../view/notices.js';
import { Opening } from '../view/opening.js';
import { showingResult, showResult } from './arrival.js';
import { Trouble } from './bring.js';
import { BudgetCard } from './budget.js';
import { COUNTED_WORDS } from './figures.js';
import { NetworkCard, PicturesCard } from './inputs.js';
import { Disputes, ResultCard } from './result.js';
import { createPrune, type Prune } from './state.js';
import { TakeAway } from './take.js';
import { verdictOf } from './verdict.js';

/** Makes a person's own network smaller. */
export function PruneTab() {
  const page = usePage();
  const [prune] = useState(() => createPrune(page));
  useEffect(() => {
    page.takers.value = {
      ...page.takers.value,
      prune: { words: 'Drop a network, pictures, or both', take: prune.bring },
    };
  }, [page, prune]);
  return (
    <>
      <OtherTurn view="prune" />
      <Opening title="Make a trained network smaller, without training it again">
        <p class="lead">
          Bring a network and some pictures, drag how small it shall be, and take the smaller file
          away. To try it there are a network and pictures already.
        </p>
      </Opening>
      <PrunePlayer prune={prune} />
      {prune.troubles.value.work && <Trouble text={prune.troubles.value.work} />}
      <div class="prune">
        <div class="given">
          <NetworkCard prune={prune} />
          <PicturesCard prune={prune} />
        </div>
        <BudgetCard prune={prune} />
        <div class="outcome">
          <ResultCard prune={prune} />
          {prune.result.value && <TakeAway prune={prune} result={prune.result.value} />}
        </div>
      </div>
      <p class="hidden" role="status">
        {prune.result.value && !prune.doing.value ? statusText(prune) : ''}
      </p>
      {prune.result.value && <Disputes result={prune.result.value} />}
    </>
  );
}

function PrunePlayer({ prune }: { readonly prune: Prune }) {
  const page = usePage();
  const { doing, able, budget, standing } = prune;
  const now = doing.value;
  const running = now?.place === 'work' && page.turn.value?.view === 'prune';
  const share = Math.round(100 * budget.value.share);
  return (
    <Bar
      label={running ? 'Cancel' : `Prune to ${share}%`}
      icon={running ? 'stop' : 'play'}
      disabled={running ? false : !able.value || now !== undefined || page.turn.value !== undefined}
      onMain={running ? prune.cancel : () => void showingResult(prune.prune)}
      onReset={now || !standing.value ? undefined : () => void prune.forget()}
      forgets="your network, your pictures and all results"
      text={statusText(prune)}
      done={now?.progress.share ?? (prune.result.value ? 1 : 0)}
      total={1}
      measure="Pruning"
    >
      {prune.result.value && !now && (
        <button type="button" class="jump" onClick={showResult}>
          See what came out
        </button>
      )}
    </Bar>
  );
}

function statusText({ doing, troubles, able, cancelled, standing, result, budget }: Prune): string {
  const now = doing.value;
  if (now) return `${now.progress.text}…`;
  if (!standing.value) {
    return troubles.value.network ? 'It could not get ready: why is said below.' : 'Getting ready…';
  }
  if (!standing.value.network) return 'Bring a network.';
  if (!standing.value.pictures) return 'Now bring some pictures.';
  if (!able.value) return 'What is missing is said below.';
  if (troubles.value.work) return 'It did not get to its end: why is said below.';
  if (cancelled.value) return 'Cancelled. What was measured is kept: press Prune to go on.';
  if (standing.value.unfinished) {
    return 'A cut was going on when the page was left: press Prune to begin it again.';
  }
  const last = result.value;
  if (!last)
    return `Press Prune: it keeps ${Math.round(100 * budget.value.share)}% of the ${COUNTED_WORDS[budget.value.of]}.`;
  const { size, counted, quality, meaning, said } = verdictOf(last);
  return `Done: ${size} ${counted}, and ${quality} ${meaning}. ${said}`;
}

import { grouped, plural } from '../../src/text.js';
import type { Page } from '../state/page.js';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { Check } from '../view/control.js';
import { Icon } from '../view/icon.js';
import { METHODS } from './methods.js';
import { type Comparing, SCRATCH, type Subject } from './state.js';

/** The buttons and the progress. Before a network has been trained, a link to Play. */
export function ContestPlayer({ comparing }: { readonly comparing: Comparing }) {
  const page = usePage();
  if (!comparing.next.value && !comparing.subject.value) return <TrainFirst page={page} />;
  const mode = comparing.mode.value;
  const running = mode === 'running';
  const goesOn =
    mode === 'stopped' && !comparing.changed.value && comparing.error.value === undefined;
  const label = running
    ? 'Pause'
    : goesOn
      ? 'Go on'
      : mode === 'idle'
        ? 'Compare'
        : 'Compare again';
  const act = running ? comparing.pause : goesOn ? comparing.resume : comparing.start;
  const able = running || (!page.turn.value && (goesOn || comparing.next.value !== undefined));
  const { outcomes, progress, subject } = comparing;
  const ways = subject.value?.contenders.length ?? 0;
  const now = progress.value;
  const share = now && now.total > 0 ? now.done / now.total : 0;
  return (
    <Bar
      label={label}
      icon={running ? 'pause' : 'play'}
      disabled={!able}
      onMain={act}
      onReset={mode === 'idle' ? undefined : () => void comparing.reset()}
      text={playerText(comparing)}
      done={mode === 'done' ? ways : Math.min(ways, outcomes.value.length + share)}
      total={ways}
      measure="Ways compared"
    >
      <Check
        name="scratch"
        label="Train small ones, too"
        hint="Networks of these sizes, from scratch. Takes longest."
        value={page.kept.value[SCRATCH] === 'true'}
        onChange={(wanted) => page.keep(SCRATCH, wanted ? 'true' : undefined)}
      />
    </Bar>
  );
}

function TrainFirst({ page }: { readonly page: Page }) {
  const training = page.session.mode.value === 'running';
  return (
    <div class="player">
      <div class="buttons">
        <a
          class="button play"
          href={page.viewHash('play')}
          onClick={() => {
            if (page.ready.value) page.play('end');
          }}
        >
          <Icon name="play" />
          {training ? 'Look at the training' : 'Train a network in Play'}
        </a>
      </div>
      <div class="doing">
        <p>There is no trained network to prune yet. Play trains one; then come back.</p>
      </div>
    </div>
  );
}

function playerText({ mode, outcomes, progress, subject, next, changed }: Comparing): string {
  const about = subject.value;
  const now = progress.value;
  if (mode.value === 'running' && now) {
    const doing = now.what === 'pre-training' ? 'Training' : METHODS[now.what].name;
    const unit = now.what === 'scratch' ? 'steps' : 'picks';
    return `${doing}: ${grouped(now.done)} of ${grouped(now.total)} ${unit}.`;
  }
  if (changed.value && next.value) return `Press Compare again for ${wordsFor(next.value)}.`;
  if (mode.value === 'running') return 'Getting ready…';
  if (mode.value === 'stopped' && about) {
    return `Stopped after ${outcomes.value.length} of ${about.contenders.length} ways.`;
  }
  const prunes = about ?? next.value;
  if (!prunes) return '';
  return mode.value === 'done'
    ? `Done: ${wordsFor(prunes)}, cut down in ${plural(prunes.contenders.length, 'way')}.`
    : `Press Compare: ${wordsFor(prunes)}, is cut down in ${plural(prunes.contenders.length, 'way')}.`;
}

function wordsFor({ dense, iteration }: Subject): string {
  return `the network from Play, ${plural(dense.figures.width, 'neuron')} after ${plural(iteration, 'step')}`;
}

import type { Phase } from '../../src/index.js';
import { grouped } from '../../src/text.js';
import type { Page } from '../state/page.js';
import { usePage } from '../view/context.js';
import { Icon } from '../view/icon.js';

const DOING: Readonly<Record<Phase, string>> = {
  'pre-train': 'Training the dense network',
  prune: 'Picking neurons',
  'fine-tune': 'Fine-tuning the subnetwork',
  controls: 'Training others for as many steps, to compare',
};

/** The buttons, the progress, and the list of checkpoints. */
export function Player() {
  const page = usePage();
  const { session, ready, changed } = page;
  const mode = session.mode.value;
  const running = mode === 'running';
  const able = ready.value && (running || !page.turn.value);
  const failed = session.error.value !== undefined;
  const fresh = mode === 'idle' || mode === 'done' || changed.value || failed;
  const start = page.goesOnAt.value === undefined ? 'Play' : 'Go on';
  const label = running ? 'Pause' : mode === 'idle' ? start : fresh ? 'Play again' : 'Go on';
  return (
    <section class="player" aria-label="Player">
      <div class="buttons">
        <button
          type="button"
          class="play"
          disabled={!able}
          onClick={() => (running ? session.pause() : page.play('end'))}
        >
          <Icon name={running ? 'pause' : 'play'} />
          {label}
        </button>
        <button
          type="button"
          disabled={!able || running}
          onClick={() => page.play('checkpoint')}
          title="Go to the next pruning and stop there"
        >
          <Icon name="step" />
          Step
        </button>
        <button
          type="button"
          disabled={mode === 'idle'}
          onClick={() => void page.reset()}
          title="Forget this run"
        >
          <Icon name="reset" />
          Reset
        </button>
      </div>
      <Doing page={page} />
      <Timeline page={page} />
    </section>
  );
}

function Doing({ page }: { readonly page: Page }) {
  const { session, changed, ready, loading, source, goesOnAt } = page;
  const mode = session.mode.value;
  const now = session.progress.value;
  const { iterations } = session.play.value?.settings ?? page.settings.value;
  const begun = session.play.value ? session.play.value.from?.iteration : goesOnAt.value;
  const trained = session.losses.value.at(-1)?.[0] ?? begun ?? 0;
  const share = loading.value;
  let text =
    'Press Play: a network learns to read digits, then all but its best neurons are dropped.';
  if (share !== undefined) text = `Fetching the digits: ${Math.round(100 * share)} %`;
  else if (!ready.value)
    text = source.value ? 'Without a graphics adapter it cannot run.' : 'Getting ready…';
  else if (mode === 'idle' && begun !== undefined)
    text = `This run is trained up to step ${grouped(begun)} of ${grouped(iterations)}: going on from there.`;
  else if (mode === 'done')
    text = 'Done. Look back with the checkpoints, or change something below.';
  else if (now) {
    text = `${DOING[now.phase]}: ${grouped(now.done)} of ${grouped(now.total)}`;
    if (mode === 'stopped') text = `Stopped at step ${grouped(trained)} of ${grouped(iterations)}.`;
  }
  if (changed.value && share === undefined) {
    text =
      mode === 'running'
        ? 'Your change takes effect when you play again.'
        : 'Press Play again to see what your change does.';
  }
  return (
    <div class="doing">
      <p>{text}</p>
      <progress
        max={Math.max(1, iterations)}
        value={share !== undefined ? share * iterations : mode === 'done' ? iterations : trained}
        aria-label="Training done"
      />
    </div>
  );
}

/** The checkpoints to choose from. They are radio buttons, so that arrow keys move between them. */
function Timeline({ page }: { readonly page: Page }) {
  const checkpoints = page.session.checkpoints.value;
  const shown = page.checkpoint.value?.iteration;
  if (checkpoints.length === 0) return null;
  return (
    <fieldset class="timeline">
      <legend>Pruned after step</legend>
      {checkpoints.map(({ iteration }) => (
        <label key={iteration}>
          <input
            type="radio"
            name="checkpoint"
            value={iteration}
            checked={iteration === shown}
            onChange={() => {
              page.chosen.value = iteration;
            }}
          />
          <span class="pill">{grouped(iteration)}</span>
        </label>
      ))}
    </fieldset>
  );
}

import { grouped } from '../../src/text.js';
import { doingText } from '../state/doing.js';
import type { Page } from '../state/page.js';
import { usePage } from '../view/context.js';
import { Icon } from '../view/icon.js';

/** The buttons, the progress, and the list of checkpoints. */
export function Player() {
  const page = usePage();
  const { session, ready, changed } = page;
  const mode = session.mode.value;
  const running = mode === 'running';
  const able = ready.value && (running || !page.turn.value);
  const failed = session.error.value !== undefined;
  const paused = mode === 'stopped' && !failed;
  const start = page.goesOnAt.value === undefined ? 'Play' : 'Go on';
  const label = running ? 'Pause' : mode === 'idle' ? start : paused ? 'Go on' : 'Play again';
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
        {paused && changed.value && (
          <button type="button" disabled={!able} onClick={() => page.play('end', true)}>
            Start anew
          </button>
        )}
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
  const { iterations } = session.play.value?.settings ?? page.settings.value;
  const begun = session.play.value ? session.play.value.from?.iteration : goesOnAt.value;
  const trained = session.losses.value.at(-1)?.[0] ?? begun ?? 0;
  const text = doingText({
    mode,
    ready: ready.value,
    images: source.value !== undefined,
    loading: loading.value,
    progress: session.progress.value,
    trained,
    iterations,
    begun,
    changed: changed.value,
  });
  return (
    <div class="doing">
      <p>{text}</p>
      <progress
        max={Math.max(1, iterations)}
        value={(loading.value?.share ?? trained / Math.max(1, iterations)) * iterations}
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

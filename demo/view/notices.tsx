import { percent } from '../model/format.js';
import type { View } from '../state/address.js';
import type { Page } from '../state/page.js';
import { closedNotice } from '../state/remembered.js';
import { usePage } from './context.js';

/** The problem, if there is one, with a button for its remedy. */
export function Trouble() {
  const page = usePage();
  const problem = page.problem.value;
  return (
    <div role="alert">
      {problem && (
        <div class={`trouble ${problem.code}`}>
          <div>
            <h2>{problem.title}</h2>
            <p>{problem.text}</p>
          </div>
          {problem.remedy && (
            <button type="button" class="remedy" onClick={problem.remedy.act}>
              {problem.remedy.label}
            </button>
          )}
          <button type="button" onClick={page.dismiss}>
            Close
          </button>
        </div>
      )}
    </div>
  );
}

/** What came of the files that were brought. */
export function Said() {
  const page = usePage();
  const text = page.said.value;
  return (
    <div role="status">
      {text && (
        <div class="said">
          <p>{text}</p>
          <button type="button" onClick={page.dismiss}>
            Close
          </button>
        </div>
      )}
    </div>
  );
}

const slowNotice = closedNotice('slow');

/** Says that a software adapter is in use and is slow. Bench has a notice of its own. */
export function SlowNotice() {
  const page = usePage();
  const software = page.adapter.value?.kind === 'software';
  if (!software || slowNotice.closed.value || page.view.value === 'bench') return null;
  return (
    <p class="slow">
      <span>
        <b>No graphics card in use,</b> so it starts small. The browser’s settings may turn one on.
      </span>
      <button type="button" onClick={slowNotice.close}>
        Close
      </button>
    </p>
  );
}

/** Says that another tab uses the device, and offers to stop that tab's work. */
export function OtherTurn({ view }: { readonly view: View }) {
  const turn = usePage().turn.value;
  const other = turn && turn.view !== view ? turn : undefined;
  return (
    <div role="status">
      {other && (
        <p class="slow">
          <span>
            <b>{WORK[other.view]}:</b> one graphics device does one thing at a time.
          </span>
          <button type="button" onClick={other.end}>
            {other.view === 'bench' ? 'Stop it' : 'Pause it'}
          </button>
        </p>
      )}
    </div>
  );
}

const WORK: Readonly<Record<View, string>> = {
  play: 'Play is training a network',
  prune: 'Prune is cutting a network',
  compare: 'Compare is pruning a network',
  study: 'Study is filling its map',
  bench: 'Bench is timing the kernels',
};

/** Tells screen readers of checkpoints and of the end only, since every step would be too much. */
export function Herald() {
  const page = usePage();
  return (
    <p class="hidden" role="status">
      {runAnnouncement(page)}
    </p>
  );
}

function runAnnouncement({ session }: Page): string {
  const mode = session.mode.value;
  const checkpoint = session.checkpoints.value.at(-1);
  if (mode === 'idle' || !checkpoint) return mode === 'running' ? 'Training has begun.' : '';
  const { iteration, dense, subnetwork, fineTuned } = checkpoint;
  const best = fineTuned ?? subnetwork;
  const verb = mode === 'done' ? 'Done' : mode === 'stopped' ? 'Stopped' : 'Checkpoint';
  if (!best) return '';
  return `${verb} at step ${iteration}: ${best.figures.width} of ${dense.figures.width} neurons, ${percent(best.figures.testAccuracy)} of the test digits right, the dense network ${percent(dense.figures.testAccuracy)}.`;
}

import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { AdapterDescription } from '../../src/index.js';
import { grouped, plural } from '../../src/text.js';
import { Bar } from '../view/bar.js';
import { usePage } from '../view/context.js';
import { roughly, roughSeconds } from './duration.js';
import { madeOn } from './made-on.js';
import { METHODS } from './methods.js';
import type { Comparing } from './state.js';
import type { Subject } from './subject.js';

/** The one button, with what it will do and how long that takes, and the progress. */
export function ContestPlayer({ comparing }: { readonly comparing: Comparing }) {
  const page = usePage();
  const mode = comparing.mode.value;
  const running = mode === 'running';
  const changed = comparing.changed.value;
  const goesOn = mode === 'stopped' && !changed && comparing.error.value === undefined;
  const first = comparing.next.value.network ? 'Compare' : 'Train and compare';
  const label = running ? 'Pause' : goesOn ? 'Go on' : mode === 'idle' ? first : 'Compare again';
  const act = running ? comparing.pause : goesOn ? comparing.resume : comparing.start;
  const able = running || (!page.turn.value && (goesOn || page.ready.value));
  const total = partsOf(comparing.subject.value ?? comparing.next.value);
  const done = mode === 'done' ? total : partsDone(comparing);
  const left = useTimeLeft(running, done / total);
  return (
    <Bar
      label={label}
      icon={running ? 'pause' : 'play'}
      disabled={!able}
      onMain={act}
      onReset={mode === 'idle' ? undefined : () => void comparing.reset()}
      text={playerText(comparing, page.adapter.value, left)}
      done={done}
      total={total}
      measure="Ways compared"
    />
  );
}

/** Parts of the work: each way, and the training before them. */
function partsOf({ contenders, network }: Subject): number {
  return contenders.length + (network ? 0 : 1);
}

function partsDone({ subject, outcomes, progress, dense }: Comparing): number {
  const about = subject.value;
  const now = progress.value;
  if (!about) return 0;
  const whole = outcomes.value.length + (!about.network && dense.value ? 1 : 0);
  // What goes on after a reload trains its network again.
  const again =
    now?.what === 'pre-training'
      ? dense.value !== undefined
      : outcomes.value.some(({ method }) => method === now?.what);
  if (!now || now.total === 0 || again) return whole;
  // Most of a way's time goes into what follows the picks.
  const refined =
    about.config.fineTune > 0 && now.what !== 'pre-training' && now.what !== 'scratch';
  const share = now.done / now.total;
  return whole + (!refined ? share : now.improving ? 0.1 + 0.9 * share : 0.1 * share);
}

const TELLING_SHARE = 0.05;

/** Seconds left, if the rest goes on as what was done since the start or the last pause. */
function useTimeLeft(running: boolean, share: number): number | undefined {
  const since = useSignal<{ at: number; share: number } | undefined>(undefined);
  useEffect(() => {
    since.value = running ? { at: performance.now(), share } : undefined;
  }, [running]);
  const begun = since.value;
  if (!begun || share - begun.share < TELLING_SHARE) return undefined;
  const seconds = (performance.now() - begun.at) / 1000;
  return (seconds * (1 - share)) / (share - begun.share);
}

function playerText(
  { mode, outcomes, progress, subject, next, changed, earlier, adapters }: Comparing,
  adapter: AdapterDescription | undefined,
  left: number | undefined,
): string {
  const about = subject.value;
  const made = madeOn(adapters.value, { earlier: earlier.value, here: adapter?.name });
  if (mode.value === 'running') {
    const now = progress.value;
    if (!now) return 'Getting ready…';
    const rest = left === undefined ? '' : `, ${roughly(left)} left`;
    return `${doing(now)}${rest}.`;
  }
  if (mode.value === 'stopped' && about && !changed.value) {
    return `Stopped after ${outcomes.value.length} of ${about.contenders.length} ways.${made}`;
  }
  if (mode.value === 'done' && about && !changed.value) {
    return `Done: ${networkOf(about)}, cut down in ${plural(about.contenders.length, 'way')}.${made}`;
  }
  const plan = next.value;
  const begin = plan.network
    ? `Takes ${networkOf(plan)}, and cuts it down`
    : `Trains ${networkOf(plan)}, and cuts it down`;
  return `${begin} in ${plural(plan.contenders.length, 'way')}: ${roughly(roughSeconds(plan, adapter?.kind ?? 'software'))} here.`;
}

function doing({ what, improving, done, total }: NonNullable<Comparing['progress']['value']>) {
  if (what === 'pre-training') return `Training: ${grouped(done)} of ${grouped(total)} steps`;
  const { name } = METHODS[what];
  if (improving)
    return `${name}: refitting and fine-tuning, ${done + 1} of ${plural(total, 'size')}`;
  const unit = what === 'scratch' ? 'steps' : 'picks';
  return `${name}: ${grouped(done)} of ${grouped(total)} ${unit}`;
}

function networkOf({ config, iteration, network }: Subject): string {
  const width = network?.width ?? config.width;
  const what = `${plural(width, 'neuron')}, ${plural(iteration, 'step')}`;
  return network ? `the network from Play (${what})` : `a network (${what})`;
}

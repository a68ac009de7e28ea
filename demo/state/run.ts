import {
  computed,
  effect,
  type ReadonlySignal,
  type Signal,
  signal,
  untracked,
} from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import type { AddressBar, Complain } from './address-bar.js';
import type { Connection } from './connection.js';
import type { Turn } from './drive.js';
import { exampleOf } from './example.js';
import type { Found } from './found.js';
import { type Frontier, frontierAt, type Outline, type Point, pointAt } from './frontier.js';
import { goesOnWith, type Halfway } from './halfway.js';
import type { Images } from './images.js';
import { remedyFor } from './problems.js';
import type { Checkpoint, Goal, Session } from './session.js';
import { sameSettings } from './settings.js';

/** The run on the screen, its controls, and which of its checkpoints is shown. */
export interface Run {
  readonly session: Session;
  /** The images of the run on the screen. Before the first run, those that it will have. */
  readonly subject: ReadonlySignal<ImageSource | undefined>;
  /** The iteration of the checkpoint that the person chose; undefined shows the newest. */
  readonly chosen: Signal<number | undefined>;
  readonly checkpoint: ReadonlySignal<Checkpoint | undefined>;
  /** The number of neurons that the person dragged to; undefined shows the one of the headline. */
  readonly dragged: Signal<number | undefined>;
  /** The neuron that the person chose to look at; undefined shows the first that was picked. */
  readonly neuron: Signal<number | undefined>;
  /** Whether the sizes are shown with the steps of fine-tuning. */
  readonly tuned: Signal<boolean>;
  /** The sizes of the subnetwork at the checkpoint that is shown. */
  readonly frontier: ReadonlySignal<Frontier | undefined>;
  /** What the page tells before anybody has run anything. */
  readonly example: ReadonlySignal<Found | undefined>;
  /** The figures of those sizes; before there is a run, those that a link, a file or the page itself carries. */
  readonly told: ReadonlySignal<
    { readonly iteration: number; readonly outline: Outline } | undefined
  >;
  /** The size that everything on the page is about. */
  readonly size: ReadonlySignal<Point | undefined>;
  /** Whether the settings have changed since the run on the screen began. */
  readonly changed: ReadonlySignal<boolean>;
  /** The run that the person brought, from which the next run goes on. */
  readonly halfway: Signal<Halfway | undefined>;
  /** The iteration at which the next run goes on, if it goes on from a brought run. */
  readonly goesOnAt: ReadonlySignal<number | undefined>;
  /**
   * Resumes a paused run, by the settings that it began with. Otherwise, or where it is to be
   * `anew`, starts a new one by those of now.
   */
  play(goal: Goal, anew?: boolean): void;
  reset(): Promise<void>;
}

interface Needs
  extends Pick<Connection, 'connected'>,
    Pick<AddressBar, 'settings'>,
    Pick<Images, 'source' | 'change'> {
  readonly session: Session;
  readonly turn: Signal<Turn | undefined>;
  /** What a link carries of a run. */
  readonly linked: ReadonlySignal<Found | undefined>;
  readonly complain: Complain;
  readonly dismiss: () => void;
}

export function createRun(needs: Needs): Run {
  const { session, connected, settings, source, change, turn, linked, complain, dismiss } = needs;
  const chosen = signal<number | undefined>();
  const halfway = signal<Halfway | undefined>();
  const dragged = signal<number | undefined>();
  const neuron = signal<number | undefined>();
  const tuned = signal(false);

  const checkpoint = computed(() => {
    const all = session.checkpoints.value;
    const asked = all.find(({ iteration }) => iteration === chosen.value);
    const trained = all.filter(({ iteration }) => iteration > 0);
    // Not simply the newest: before it is pruned, half of the page would be empty.
    const shown = trained.findLast(({ subnetwork }) => subnetwork) ?? trained.at(-1);
    // What was never trained is shown to whoever asks for it, or stops there.
    return asked ?? shown ?? (session.mode.value === 'running' ? undefined : all.at(-1));
  });
  const frontier = computed(() => checkpoint.value && frontierAt(checkpoint.value, tuned.value));
  const startingState = computed(() =>
    halfway.value && goesOnWith(halfway.value, settings.value, source.value)
      ? halfway.value.state
      : undefined,
  );

  /** What the file says of the run that was brought. */
  const filed = computed(() => {
    const curve = halfway.value?.curve;
    const by = session.play.value?.settings ?? settings.value;
    return curve && startingState.value && sameSettings(curve.by, by) ? curve.found : undefined;
  });
  const example = computed(() => {
    const begun = session.play.value ?? linked.value ?? halfway.value;
    return begun ? undefined : exampleOf(settings.value);
  });
  const told = computed(() => {
    const iteration = checkpoint.value?.iteration;
    if (frontier.value && iteration !== undefined) return { iteration, outline: frontier.value };
    const found = linked.value ?? filed.value ?? example.value;
    if (!found) return undefined;
    return {
      iteration: found.iteration,
      outline: (tuned.value ? found.fineTuned : undefined) ?? found.plain,
    };
  });
  const size = computed(() => frontier.value && pointAt(frontier.value, dragged.value));

  const changed = computed(() => {
    const current = session.play.value;
    return (
      current !== undefined &&
      !(sameSettings(current.settings, settings.value) && current.source === source.value)
    );
  });

  const goOn = () => {
    if (turn.value) return;
    dismiss();
    session.goOn(connected);
  };

  const remedyForError = (error: unknown) =>
    remedyFor(error, settings.value, {
      goOn,
      again: (patch) => {
        change(patch);
        play('end');
      },
    });

  const play = (goal: Goal, anew = false) => {
    if (turn.value) return;
    dismiss();
    chosen.value = undefined;
    try {
      const { mode, error } = session;
      if (mode.value === 'stopped' && error.value === undefined && !anew) {
        session.resume(connected, goal);
        return;
      }
      const images = source.value;
      if (!images) return;
      dragged.value = undefined;
      session.start(connected, {
        settings: settings.value,
        source: images,
        goal,
        from: startingState.value,
      });
    } catch (error) {
      complain(error, remedyForError(error));
    }
  };

  effect(() => {
    const error = session.error.value;
    // `untracked`: the remedy reads the settings, and their change must not complain again.
    if (error !== undefined) untracked(() => complain(error, remedyForError(error)));
  });

  return {
    session,
    subject: computed(() => session.play.value?.source ?? source.value),
    chosen,
    checkpoint,
    dragged,
    neuron,
    tuned,
    frontier,
    example,
    told,
    size,
    changed,
    halfway,
    goesOnAt: computed(() => startingState.value?.iteration),
    play,
    reset: async () => {
      dismiss();
      chosen.value = undefined;
      dragged.value = undefined;
      neuron.value = undefined;
      halfway.value = undefined;
      await session.reset();
    },
  };
}

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
import { goesOnWith, type Halfway } from './halfway.js';
import type { Images } from './images.js';
import { remedyFor } from './problems.js';
import { type Checkpoint, createSession, type Goal, type Session } from './session.js';
import { sameSettings } from './settings.js';

/** The run on the screen, its control, and the one of its checkpoints that is looked at. */
export interface Run {
  readonly session: Session;
  /** The images of the run on the screen; before there is one, those that the next will have. */
  readonly subject: ReadonlySignal<ImageSource | undefined>;
  /** The iteration of the checkpoint that is looked at; undefined follows the newest. */
  readonly chosen: Signal<number | undefined>;
  readonly checkpoint: ReadonlySignal<Checkpoint | undefined>;
  /** Whether the settings have changed since the run on the screen began. */
  readonly changed: ReadonlySignal<boolean>;
  /** A brought run, from which the next one goes on. */
  readonly halfway: Signal<Halfway | undefined>;
  /** The iteration of a brought run at which the next one goes on. */
  readonly goesOnAt: ReadonlySignal<number | undefined>;
  /** Starts, goes on, or starts anew, as the state of the run asks. */
  play(goal: Goal): void;
  reset(): Promise<void>;
}

interface Needs
  extends Pick<Connection, 'connected'>,
    Pick<AddressBar, 'settings'>,
    Pick<Images, 'source' | 'change'> {
  readonly turn: Signal<Turn | undefined>;
  readonly complain: Complain;
  readonly dismiss: () => void;
}

export function createRun(needs: Needs): Run {
  const { connected, settings, source, change, turn, complain, dismiss } = needs;
  const session = createSession(turn);
  const chosen = signal<number | undefined>();
  const halfway = signal<Halfway | undefined>();

  const changed = computed(() => {
    const current = session.play.value;
    return (
      current !== undefined &&
      !(sameSettings(current.settings, settings.value) && current.source === source.value)
    );
  });

  const startingState = computed(() =>
    halfway.value && goesOnWith(halfway.value, settings.value, source.value)
      ? halfway.value.state
      : undefined,
  );

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

  const play = (goal: Goal) => {
    if (turn.value) return;
    dismiss();
    chosen.value = undefined;
    try {
      const { mode, error } = session;
      if (mode.value === 'stopped' && error.value === undefined && !changed.value) {
        session.resume(goal);
        return;
      }
      const images = source.value;
      if (!images) return;
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
    // Not again when the settings change, which the remedy reads.
    if (error !== undefined) untracked(() => complain(error, remedyForError(error)));
  });

  return {
    session,
    subject: computed(() => session.play.value?.source ?? source.value),
    chosen,
    checkpoint: computed(() => {
      const all = session.checkpoints.value;
      const asked = all.find(({ iteration }) => iteration === chosen.value);
      // A checkpoint that is not pruned yet would empty half of the page for a moment.
      return asked ?? all.findLast(({ subnetwork }) => subnetwork) ?? all.at(-1);
    }),
    changed,
    halfway,
    goesOnAt: computed(() => startingState.value?.iteration),
    play,
    reset: async () => {
      dismiss();
      chosen.value = undefined;
      halfway.value = undefined;
      await session.reset();
    },
  };
}

import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { EspalierError } from '../../src/index.js';
import type { View } from './address.js';

/** Whose turn it is: there is one graphics device, and one tab at a time works on it. */
export interface Turn {
  readonly view: View;
  /** Asks for the turn to end soon. */
  readonly end: () => void;
}

/** `stopped`: paused by the person, or failed (then `error` says why). */
export type Mode = 'idle' | 'running' | 'stopped' | 'done';

/** A generator as a person drives it. */
export interface Drive<Event, Result> {
  readonly mode: ReadonlySignal<Mode>;
  readonly error: ReadonlySignal<unknown>;
  /**
   * Gives up what ran before and begins anew, unless somebody has the turn. The turn is taken at
   * once, so that nobody else starts while the generator is still being made.
   */
  start(make: Make<Event, Result>): void;
  /** Goes on where it was paused. */
  resume(): void;
  /** Stops asking for events; the one that is under way still arrives. */
  pause(): void;
  /** Gives the generator up, and all that it holds on the device. */
  halt(): Promise<void>;
}

/** Makes the generator; where that fails, the drive fails. */
type Make<Event, Result> = (signal: AbortSignal) => Promise<AsyncGenerator<Event, Result>>;

interface Listeners<Event, Result> {
  readonly heard: (event: Event) => void;
  readonly done: (result: Result) => void;
}

/**
 * Drives work that is a generator, which works only while it is asked for its next event, so that
 * pausing it is not asking. It holds the turn while it runs, and does not start in another's.
 */
export function createDrive<Event, Result>(
  view: View,
  turn: Signal<Turn | undefined>,
  { heard, done }: Listeners<Event, Result>,
): Drive<Event, Result> {
  const mode = signal<Mode>('idle');
  const error = signal<unknown>();
  let events: AsyncGenerator<Event, Result> | undefined;
  let abort = new AbortController();
  let wanted = false;
  let pumping: Promise<void> = Promise.resolve();
  let pumps = false;

  const pause = () => {
    wanted = false;
  };

  const discard = async () => {
    await events?.return(undefined as never).catch(() => undefined);
    events = undefined;
  };

  const pump = async (make: Make<Event, Result> | undefined) => {
    pumps = true;
    try {
      if (make) {
        await discard();
        events = await make(abort.signal);
      }
      while (events && wanted) {
        const next = await events.next();
        if (next.done) {
          batch(() => {
            done(next.value);
            mode.value = 'done';
          });
          return;
        }
        heard(next.value);
      }
      mode.value = 'stopped';
    } catch (caught) {
      if (caught instanceof EspalierError && caught.code === 'aborted') return;
      batch(() => {
        error.value = caught;
        mode.value = 'stopped';
      });
    } finally {
      pumps = false;
      if (turn.peek()?.view === view) turn.value = undefined;
    }
  };

  const go = (make?: Make<Event, Result>) => {
    wanted = true;
    batch(() => {
      error.value = undefined;
      mode.value = 'running';
      turn.value = { view, end: pause };
    });
    // Where the pause has not taken effect yet, the loop is still running and goes on.
    if (!pumps) pumping = pump(make);
  };

  return {
    mode,
    error,
    start: (make) => {
      if (!turn.peek()) go(make);
    },
    resume: () => {
      if ((turn.peek()?.view ?? view) === view) go();
    },
    pause,
    halt: async () => {
      wanted = false;
      abort.abort();
      await pumping;
      await discard();
      abort = new AbortController();
      batch(() => {
        mode.value = 'idle';
        error.value = undefined;
      });
    },
  };
}

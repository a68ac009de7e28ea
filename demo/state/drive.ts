import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { EspalierError } from '../../src/index.js';
import type { View } from './address.js';

/** The tab that works on the graphics device. There is one device, so one tab works at a time. */
export interface Turn {
  readonly view: View;
  /** Asks that tab to stop. It stops after its current event. */
  readonly end: () => void;
}

/** `stopped` means paused by the person, or failed; if it failed, `error` is set. */
export type Mode = 'idle' | 'running' | 'stopped' | 'done';

/** Controls that start, pause and resume the work of an async generator. */
export interface Drive<Event, Result> {
  readonly mode: ReadonlySignal<Mode>;
  readonly error: ReadonlySignal<unknown>;
  /**
   * Gives up earlier work and starts new work. Does nothing while a tab has the turn. The turn is
   * taken at once, so that no other tab starts while the generator is being made.
   */
  start(make: Make<Event, Result>): void;
  /** Goes on from where the work was paused. */
  resume(): void;
  /** Stops asking the generator for events. The event that is being computed still arrives. */
  pause(): void;
  /** Shows work of an earlier visit, which there is no generator to go on with. */
  rest(mode: 'stopped' | 'done'): void;
  /** Ends the generator, which frees what it holds on the device. */
  halt(): Promise<void>;
}

/** Makes the generator. An error that it throws becomes the drive's `error`. */
type Make<Event, Result> = (signal: AbortSignal) => Promise<AsyncGenerator<Event, Result>>;

interface Listeners<Event, Result> {
  readonly heard: (event: Event) => void;
  readonly done: (result: Result) => void;
}

/**
 * Drives an async generator. A generator computes only when it is asked for its next event, so that
 * to pause it is to stop asking. The drive has the turn while it runs. It does not start while
 * another tab has the turn.
 *
 * @param view the tab whose work this is.
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
    // If the pause has not taken effect yet, the loop still runs and simply goes on.
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
    rest: (rested) => {
      mode.value = rested;
    },
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

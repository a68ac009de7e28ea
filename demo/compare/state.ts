import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import {
  type CompareEvent,
  type CompareInput,
  type CompareSummary,
  compareNetwork,
  type Outcome,
} from '../../src/index.js';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';
import type { Stage } from '../state/session.js';
import { contendersFor, sizesFor } from './methods.js';

export type Progress = Extract<CompareEvent, { type: 'progress' }>;

/** The network that is pruned, and the configuration of the comparison. */
export interface Subject extends CompareInput {
  /** How many steps the network was trained. */
  readonly iteration: number;
  readonly dense: Stage;
}

export interface Comparing {
  readonly mode: ReadonlySignal<Mode>;
  /** The error that ended the comparison. It cannot go on after an error. */
  readonly error: ReadonlySignal<unknown>;
  /** The subject of the results on the screen. */
  readonly subject: ReadonlySignal<Subject | undefined>;
  readonly outcomes: ReadonlySignal<readonly Outcome[]>;
  readonly progress: ReadonlySignal<Progress | undefined>;
  /** The subject of a comparison started now; undefined before Play has trained a network. */
  readonly next: ReadonlySignal<Subject | undefined>;
  /** Whether `next` differs from `subject`, so that the results are out of date. */
  readonly changed: ReadonlySignal<boolean>;
  start(): void;
  resume(): void;
  pause(): void;
  reset(): Promise<void>;
}

export const SCRATCH = 'compare.scratch';

export function createComparing(page: Page): Comparing {
  const subject = signal<Subject | undefined>();
  const outcomes = signal<readonly Outcome[]>([]);
  const progress = signal<Progress | undefined>();
  const drive = createDrive<CompareEvent, CompareSummary>('compare', page.turn, {
    heard: (event) => {
      if (event.type === 'progress') progress.value = event;
      else outcomes.value = [...outcomes.value, event];
    },
    done: () => {
      progress.value = undefined;
    },
  });

  const next = computed((): Subject | undefined => {
    const play = page.session.play.value;
    const newest = page.session.checkpoints.value.at(-1);
    if (!play || !newest) return undefined;
    const { config, examples } = play;
    const contenders = contendersFor(config, page.kept.value[SCRATCH] === 'true');
    const sizes = sizesFor(config);
    // Fine-tuning all of them would take longer than anyone watches.
    return { config: { ...config, fineTune: 0 }, examples, contenders, sizes, ...newest };
  });

  const forget = (about: Subject | undefined) =>
    batch(() => {
      subject.value = about;
      outcomes.value = [];
      progress.value = undefined;
    });

  const start = () => {
    const about = next.value;
    if (!about || page.turn.value) return;
    page.dismiss();
    forget(about);
    drive.start(async (abort) =>
      compareNetwork(await page.connected(), about.dense.network, about, abort),
    );
  };

  drive.error.subscribe((error) => {
    if (error === undefined) return;
    page.complain(error, {
      label: 'Compare again',
      act: start,
    });
  });

  return {
    mode: drive.mode,
    error: drive.error,
    subject,
    outcomes,
    progress,
    next,
    changed: computed(() => {
      const [now, then] = [next.value, subject.value];
      return (
        now !== undefined &&
        then !== undefined &&
        (now.dense !== then.dense || now.contenders.length !== then.contenders.length)
      );
    }),
    start,
    resume: drive.resume,
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      forget(undefined);
    },
  };
}

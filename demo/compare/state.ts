import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import {
  type CompareEvent,
  type CompareInput,
  type CompareSummary,
  compare,
  compareNetwork,
  type DenseOutcome,
  drawExamples,
  type Outcome,
  type TwoLayerParameters,
} from '../../src/index.js';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';
import { configFromSettings } from '../state/settings.js';
import { contendersFor, refitIn, sizesFor } from './methods.js';

export type Progress = Extract<CompareEvent, { type: 'progress' }>;

/** What is compared: the network from Play or, before there is one, a network that is trained first. */
export interface Subject extends Omit<CompareInput, 'examples'> {
  /** Of Play's run; undefined where the network has yet to be trained. */
  readonly examples: CompareInput['examples'] | undefined;
  readonly network: TwoLayerParameters | undefined;
  /** How many steps of training the network has behind it when it is pruned. */
  readonly iteration: number;
}

export interface Comparing {
  readonly mode: ReadonlySignal<Mode>;
  /** The error that ended the comparison. It cannot go on after an error. */
  readonly error: ReadonlySignal<unknown>;
  /** The subject of the results on the screen. */
  readonly subject: ReadonlySignal<Subject | undefined>;
  readonly dense: ReadonlySignal<DenseOutcome | undefined>;
  readonly outcomes: ReadonlySignal<readonly Outcome[]>;
  readonly progress: ReadonlySignal<Progress | undefined>;
  /** The subject of a comparison started now. */
  readonly next: ReadonlySignal<Subject>;
  /** Whether `next` differs from `subject`, so that the results are out of date. */
  readonly changed: ReadonlySignal<boolean>;
  start(): void;
  resume(): void;
  pause(): void;
  reset(): Promise<void>;
}

export const SCRATCH = 'compare.scratch';
export const FINE_TUNE = 'compare.fineTune';

export function createComparing(page: Page): Comparing {
  const subject = signal<Subject | undefined>();
  const dense = signal<DenseOutcome | undefined>();
  const outcomes = signal<readonly Outcome[]>([]);
  const progress = signal<Progress | undefined>();
  const drive = createDrive<CompareEvent, CompareSummary>('compare', page.turn, {
    heard: (event) => {
      if (event.type === 'progress') progress.value = event;
      else if (event.type === 'dense') dense.value = event;
      else outcomes.value = [...outcomes.value, event];
    },
    done: () => {
      progress.value = undefined;
    },
  });

  const next = computed((): Subject => {
    const kept = page.kept.value;
    const play = page.session.play.value;
    const newest = page.session.checkpoints.value.at(-1);
    const trained = play && newest && { play, newest };
    const run = trained ? trained.play.config : configFromSettings(page.settings.value);
    return {
      config: {
        ...run,
        refit: refitIn(kept, run),
        fineTune: kept[FINE_TUNE] === 'false' ? 0 : run.fineTune,
      },
      contenders: contendersFor(run, kept[SCRATCH] !== 'false'),
      sizes: sizesFor(run),
      examples: trained?.play.examples,
      network: trained?.newest.dense.network,
      iteration: trained?.newest.iteration ?? run.iterations,
    };
  });

  const forget = (about: Subject | undefined) =>
    batch(() => {
      subject.value = about;
      dense.value = undefined;
      outcomes.value = [];
      progress.value = undefined;
    });

  const start = () => {
    const about = next.value;
    const source = page.source.value;
    if (!source || page.turn.value) return;
    page.dismiss();
    forget(about);
    drive.start(async (abort) => {
      const device = await page.connected();
      const { config, network } = about;
      const examples = about.examples ?? drawExamples(source, config.examples, config.seed);
      const input = { ...about, examples };
      return network
        ? compareNetwork(device, network, input, abort)
        : compare(device, input, abort);
    });
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
    dense,
    outcomes,
    progress,
    next,
    changed: computed(() => {
      const [now, then] = [next.value, subject.value];
      return (
        then !== undefined &&
        (now.network !== then.network ||
          now.iteration !== then.iteration ||
          JSON.stringify([now.config, now.contenders]) !==
            JSON.stringify([then.config, then.contenders]))
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

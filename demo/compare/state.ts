import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import {
  type CompareEvent,
  type CompareSummary,
  compare,
  compareNetwork,
  type DenseOutcome,
  drawExamples,
  type Outcome,
  type TwoLayerParameters,
} from '../../src/index.js';
import { sourceDigest } from '../state/digest.js';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';
import { configFromSettings } from '../state/settings.js';
import { createCompareKeeping } from './keeping.js';
import { contendersFor, refitIn, sizesFor } from './methods.js';
import type { Subject } from './subject.js';

export type Progress = Extract<CompareEvent, { type: 'progress' }>;

export interface Comparing {
  readonly mode: ReadonlySignal<Mode>;
  /** The error that ended the comparison. It cannot go on after an error. */
  readonly error: ReadonlySignal<unknown>;
  /** Whether the results are of an earlier visit. */
  readonly earlier: ReadonlySignal<boolean>;
  /** Names of the adapters that made the results, in turn: one, unless it went on on another. */
  readonly adapters: ReadonlySignal<readonly string[]>;
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
  const earlier = signal(false);
  const adapters = signal<readonly string[]>([]);
  const keeping = createCompareKeeping();
  const drive = createDrive<CompareEvent, CompareSummary>('compare', page.turn, {
    heard: (event) => {
      if (event.type === 'progress') progress.value = event;
      else if (event.type === 'dense') dense.value = event;
      else {
        outcomes.value = [...outcomes.value, event];
        const { images, ...about } = subject.value ?? next.value;
        const results = { dense: dense.value, outcomes: outcomes.value };
        const found = { subject: about, ...results, adapters: adapters.value };
        if (images) void keeping.put(found, images);
      }
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
      images: trained?.play.source ?? page.source.value,
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
      earlier.value = false;
      adapters.value = [];
    });

  /** Compares those ways that there are no results of. */
  const compareRest = (about: Subject) => {
    const { images } = about;
    if (!images || page.turn.value) return;
    page.dismiss();
    const known = outcomes.value.map(({ method }) => method);
    drive.start(async (abort) => {
      const device = await page.connected();
      adapters.value = [...new Set([...adapters.value, device.adapter.name])];
      const { config, network } = about;
      const contenders = about.contenders.filter((method) => !known.includes(method));
      const examples = drawExamples(images, config.examples, config.seed);
      const input = { ...about, contenders, examples };
      return network
        ? compareNetwork(device, network, input, abort)
        : compare(device, input, abort);
    });
  };

  const start = () => {
    const about = next.value;
    if (!about.images || page.turn.value) return;
    forget(about);
    compareRest(about);
  };

  const restore = async () => {
    const kept = await keeping.get();
    if (!kept || subject.value) return;
    batch(() => {
      subject.value = { ...kept.subject, images: undefined };
      dense.value = kept.dense;
      outcomes.value = kept.outcomes;
      adapters.value = kept.adapters;
      earlier.value = true;
      const whole = kept.outcomes.length === kept.subject.contenders.length;
      drive.rest(whole ? 'done' : 'stopped');
    });
    // Whichever come first or last, those of the comparison are recognised by their contents.
    effect(() => {
      const { images } = next.value;
      if (!images) return;
      void sourceDigest(images).then((digest) => {
        const about = subject.value;
        if (earlier.value && about && digest === kept.images) subject.value = { ...about, images };
      });
    });
  };
  void restore();

  addEventListener('beforeunload', (event) => {
    if (page.turn.value?.view === 'compare' && !keeping.keeps()) event.preventDefault();
  });

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
    earlier,
    adapters,
    subject,
    dense,
    outcomes,
    progress,
    next,
    changed: computed(() => {
      const [now, then] = [next.value, subject.value];
      return (
        then !== undefined &&
        (now.images !== then.images ||
          !sameNetwork(now.network, then.network) ||
          now.iteration !== then.iteration ||
          JSON.stringify([now.config, now.contenders]) !==
            JSON.stringify([then.config, then.contenders]))
      );
    }),
    start,
    resume: () => {
      // Of an earlier visit there is no generator to go on with.
      if (!earlier.value || !subject.value) return drive.resume();
      // Not before its images have come, and one after the other.
      if (!subject.value.images || page.turn.value) return;
      earlier.value = false;
      compareRest(subject.value);
    },
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      forget(undefined);
      await keeping.forget();
    },
  };
}

function sameNetwork(a: TwoLayerParameters | undefined, b: TwoLayerParameters | undefined) {
  if (a === b) return true;
  return (
    a?.width === b?.width &&
    a?.activation === b?.activation &&
    sameNumbers(a?.hidden, b?.hidden) &&
    sameNumbers(a?.output, b?.output)
  );
}

function sameNumbers(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a?.length === b?.length && (a?.every((value, at) => value === b?.[at]) ?? true);
}

import { batch, computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import {
  type Analysis,
  analyse,
  type Cell,
  cellCount,
  EspalierError,
  type ImageSource,
  type StudyConfig,
  studyIdentity,
  type TrainedState,
  type TrialEvent,
} from '../../src/index.js';
import { plural } from '../../src/text.js';
import { sourceDigest } from '../state/digest.js';
import { createDrive, type Mode } from '../state/drive.js';
import type { Page } from '../state/page.js';
import { pageText } from '../state/wording.js';
import { type Measure, measureIn } from './measures.js';
import { recorded, statesIn } from './records.js';
import { configIn, type PresetName, presetIn, WORDS, type Word } from './settings.js';
import { openStore, passingStore, type Store } from './store.js';

export type Progress = Extract<TrialEvent, { type: 'progress' }>;

export interface Study {
  readonly preset: ReadonlySignal<PresetName>;
  /** Undefined while the address describes no valid study. */
  readonly config: ReadonlySignal<StudyConfig | undefined>;
  /** What is wrong with the study in the address. */
  readonly fault: ReadonlySignal<string | undefined>;
  readonly cells: ReadonlySignal<readonly Cell[]>;
  /** What the map and the thresholds go by. */
  readonly measure: ReadonlySignal<Measure>;
  /** How many cells the whole study has. */
  readonly total: ReadonlySignal<number>;
  /**
   * Thresholds and fits of the finished trials. While the study runs the fits have no intervals,
   * since those take time to compute.
   */
  readonly analysis: ReadonlySignal<Analysis | undefined>;
  readonly mode: ReadonlySignal<Mode>;
  readonly progress: ReadonlySignal<Progress | undefined>;
  /**
   * Whether the study can start: there is a device, there are images, and stored cells are read.
   */
  readonly ready: ReadonlySignal<boolean>;
  /** Whether the browser can store anything. In a private window some cannot. */
  readonly keeps: ReadonlySignal<boolean>;
  choose(preset: PresetName): void;
  change(word: Word, value: string): void;
  /** Starts the study, or goes on from the stored cells and the stored state. */
  play(): void;
  pause(): void;
  /** Deletes the stored cells and the stored state of this study. */
  reset(): Promise<void>;
}

/** The state of the tab: the study in the address, its stored cells, and its progress. */
export function createStudy(page: Page): Study {
  const cells = signal<readonly Cell[]>([]);
  const analysis = signal<Analysis | undefined>();
  const progress = signal<Progress | undefined>();
  const store = signal<Store | undefined>();
  const keeps = signal(true);

  const parsed = computed((): { config?: StudyConfig; fault?: string } => {
    const { data } = page.settings.value;
    const folder = data === 'full' ? 'mnist' : data === 'own' ? 'own-images' : 'data/small';
    try {
      return { config: configIn(page.kept.value, folder) };
    } catch (error) {
      return { fault: pageText(error) };
    }
  });
  const config = computed(() => parsed.value.config);
  // A string, so that it is unchanged, and nothing follows, when another part of the address
  // changes.
  const identity = computed(() => config.value && studyIdentity(config.value));

  const measure = computed(() => measureIn(page.kept.value));

  const draw = (resamples?: number) => {
    if (!config.value) return;
    [analysis.value] = analyse(config.value, measure.value.cells(cells.value), resamples);
  };

  const forget = () => {
    cells.value = [];
    analysis.value = undefined;
    progress.value = undefined;
  };

  const drive = createDrive<TrialEvent, void>('study', page.turn, {
    heard: (event) => {
      if (event.type === 'progress') progress.value = event;
      if (event.type !== 'cell') return;
      cells.value = [...cells.value, event.cell];
      if (event.cell.iteration === config.value?.iterations) draw(0);
    },
    done: () => {
      progress.value = undefined;
    },
  });
  const { mode } = drive;

  /** Reads what the browser has stored of a study. Of two calls, the later one decides. */
  let openings = 0;
  const open = async (id: string, source: ImageSource) => {
    const opening = ++openings;
    await drive.halt();
    batch(() => {
      store.value = undefined;
      forget();
    });
    const key = `${id} ${await sourceDigest(source)}`;
    const lasting = await openStore(key).catch(() => undefined);
    const records = lasting ?? passingStore();
    // When the stored cells cannot be read, the study can still start anew.
    const kept = await records.cells().catch((error: unknown) => {
      page.complain(error);
      return { cells: [], unreadable: 0 };
    });
    if (opening !== openings) return;
    batch(() => {
      keeps.value = lasting !== undefined;
      store.value = records;
      cells.value = kept.cells;
      draw();
    });
    if (kept.unreadable > 0) {
      page.complain(
        new EspalierError(
          'bad-data',
          `${plural(kept.unreadable, 'cell')} of this study cannot be read from what the browser has kept: going on computes what is missing again.`,
        ),
      );
    }
  };

  const play = () => {
    const source = page.source.value;
    const records = store.value;
    const described = config.value;
    if (!source || !records || !described || page.turn.value) return;
    page.dismiss();
    if (mode.value === 'stopped' && drive.error.value === undefined) {
      drive.resume();
      return;
    }
    drive.start(async (signal) => {
      const device = await page.connected();
      const states = await statesIn(records, described, source).catch((cause: unknown) => {
        page.complain(
          new EspalierError(
            'bad-data',
            'The training under way cannot be read from what the browser has kept: its trial begins anew.',
            { cause },
          ),
        );
        return new Map<string, TrainedState>();
      });
      const input = { config: described, source, cells: cells.value, states };
      return recorded(device, input, records, signal);
    });
  };

  effect(() => {
    const id = identity.value;
    const source = page.source.value;
    if (!id || !source) return;
    untracked(() => {
      open(id, source).catch(page.complain);
    });
  });
  effect(() => {
    // By another measure other thresholds are met.
    void measure.value;
    const resting = mode.value !== 'running';
    untracked(() => draw(resting ? undefined : 0));
  });
  effect(() => {
    const error = drive.error.value;
    if (error === undefined) return;
    const lost = error instanceof EspalierError && error.code === 'device-lost';
    page.complain(error, lost ? { label: 'Go on', act: play } : undefined);
  });

  return {
    preset: computed(() => (parsed.value.config ? presetIn(page.kept.value) : 'small')),
    config,
    fault: computed(() => parsed.value.fault),
    cells,
    measure,
    total: computed(() => (config.value ? cellCount(config.value) : 0)),
    analysis,
    mode,
    progress,
    ready: computed(() => page.ready.value && store.value !== undefined),
    keeps,
    choose: (preset) => {
      batch(() => {
        for (const word of WORDS) page.keep(`study.${word}`, undefined);
        page.keep('study.preset', preset === 'small' ? undefined : preset);
      });
    },
    change: (word, value) => page.keep(`study.${word}`, value),
    play,
    pause: drive.pause,
    reset: async () => {
      await drive.halt();
      await store.value?.clear();
      batch(forget);
    },
  };
}

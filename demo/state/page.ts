import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import {
  type AdapterDescription,
  type Device,
  EspalierError,
  type ImageSource,
  openBrowserAdapter,
  openDevice,
} from '../../src/index.js';
import { readBrought } from './bring.js';
import { fetchSource } from './data.js';
import { goesOnWith, type Kept, keptOf } from './kept.js';
import { type Problem, problemOf } from './problems.js';
import { type Checkpoint, createSession, type Goal, type Session } from './session.js';
import {
  changed as changedSettings,
  defaultsFor,
  hashOf,
  type Settings,
  sameSettings,
  settingsFrom,
  settingsOf,
} from './settings.js';

/** Short enough that the page, which shares the graphics device, misses no frame. */
const SUBMIT_MILLIS = 30;

export interface Page {
  readonly settings: ReadonlySignal<Settings>;
  /** Undefined until the browser has given one, or when it has none. */
  readonly adapter: ReadonlySignal<AdapterDescription | undefined>;
  readonly device: ReadonlySignal<Device | undefined>;
  readonly source: ReadonlySignal<ImageSource | undefined>;
  /** The images of the run on the screen; before there is one, those that the next will have. */
  readonly subject: ReadonlySignal<ImageSource | undefined>;
  /** The share of a data set that has arrived, while one is on its way. */
  readonly loading: ReadonlySignal<number | undefined>;
  readonly problem: ReadonlySignal<Problem | undefined>;
  readonly session: Session;
  /** The iteration of the checkpoint that is looked at; undefined follows the newest. */
  readonly chosen: Signal<number | undefined>;
  readonly view: ReadonlySignal<Checkpoint | undefined>;
  /** Whether the settings have changed since the run on the screen began. */
  readonly changed: ReadonlySignal<boolean>;
  readonly ready: ReadonlySignal<boolean>;
  /** The iteration of a brought run at which the next one goes on. */
  readonly goesOnAt: ReadonlySignal<number | undefined>;
  start(): Promise<void>;
  change(patch: Partial<Settings>): void;
  /** Starts, goes on, or starts anew, as the state of the run asks. */
  play(goal: Goal): Promise<void>;
  reset(): Promise<void>;
  bring(files: readonly File[] | Promise<readonly File[]>): Promise<void>;
  dismiss(): void;
}

/** Data that go bad in the middle of a run are a network whose weights are numbers no more. */
function failureOf(error: unknown): unknown {
  return error instanceof EspalierError && error.code === 'bad-data'
    ? new EspalierError('diverged', error.message, { cause: error })
    : error;
}

export function createPage(gpu: GPU | undefined): Page {
  const settings = signal<Settings>(defaultsFor('software'));
  const device = signal<Device | undefined>();
  const source = signal<ImageSource | undefined>();
  const loading = signal<number | undefined>();
  const trouble = signal<Problem | undefined>();
  const chosen = signal<number | undefined>();
  const kept = signal<Kept | undefined>();
  const session = createSession();
  let adapterMissing = false;

  const complain = (error: unknown, remedy?: Problem['remedy']) => {
    trouble.value = problemOf(error, remedy);
  };

  const connect = async (): Promise<Device> => {
    device.value?.dispose();
    const opened = await openDevice(await openBrowserAdapter(gpu), {
      submitMillis: SUBMIT_MILLIS,
    });
    device.value = opened;
    return opened;
  };

  /** The device, or a new one where it was lost while nobody was using it. */
  const connected = async (): Promise<Device> => {
    const known = device.value;
    if (!known) return connect();
    try {
      known.check();
      return known;
    } catch {
      return connect();
    }
  };

  const fetched = async (set: 'small' | 'full'): Promise<ImageSource> => {
    loading.value = 0;
    try {
      return await fetchSource(set, (share) => {
        loading.value = share;
      });
    } finally {
      loading.value = undefined;
    }
  };

  const load = async (set: 'small' | 'full') => {
    source.value = await fetched(set);
    limitExamples(source.value);
  };

  /** No more examples than there are. */
  const limitExamples = ({ train }: ImageSource) => {
    const { examples } = settings.value;
    if (examples > train.count) change({ examples: train.count });
  };

  const set = (patch: Partial<Settings>) => {
    settings.value = changedSettings(settings.value, patch);
    history.replaceState(null, '', hashOf(settings.value));
  };

  const change = (patch: Partial<Settings>) => {
    const before = settings.value;
    set(patch);
    const { data } = settings.value;
    if (data === before.data || data === 'own') return;
    load(data).catch((error: unknown) => {
      set({ data: before.data });
      complain(error);
    });
  };

  const goOn = async () => {
    trouble.value = undefined;
    try {
      await session.goOn(await connect());
    } catch (error) {
      complain(error);
    }
  };

  const remedyOf = (error: unknown): Problem['remedy'] => {
    const code = error instanceof EspalierError ? error.code : undefined;
    const again = (label: string, patch: Partial<Settings>) => ({
      label,
      act: () => {
        change(patch);
        play('end').catch(complain);
      },
    });
    const { learningRate, width, examples } = settings.value;
    if (code === 'device-lost') return { label: 'Go on', act: () => void goOn().catch(complain) };
    if (code === 'diverged') {
      const smaller = Number((learningRate / 4).toPrecision(2));
      return again(`Play again with learning rate ${smaller}`, { learningRate: smaller });
    }
    if (code === 'out-of-memory') {
      return again('Play again at half the size', {
        width: Math.max(1, Math.floor(width / 2)),
        examples: Math.max(1, Math.floor(examples / 2)),
      });
    }
    return undefined;
  };

  const play = async (goal: Goal) => {
    trouble.value = undefined;
    chosen.value = undefined;
    try {
      const { mode, error } = session;
      if (mode.value === 'running') return;
      if (mode.value === 'stopped' && error.value === undefined && !changed.value) {
        session.resume(goal);
        return;
      }
      const images = source.value;
      if (!images) return;
      await session.reset();
      session.start(await connected(), settings.value, images, goal, startingState.value);
    } catch (error) {
      complain(error, remedyOf(error));
    }
  };

  effect(() => {
    const error = failureOf(session.error.value);
    if (error !== undefined) complain(error, remedyOf(error));
  });

  const changed = computed(() => {
    const current = session.play.value;
    return (
      current !== undefined &&
      !(sameSettings(current.settings, settings.value) && current.source === source.value)
    );
  });

  const startingState = computed(() =>
    kept.value && goesOnWith(kept.value, settings.value, source.value)
      ? kept.value.state
      : undefined,
  );

  return {
    settings,
    device,
    adapter: computed(() => device.value?.adapter),
    source,
    subject: computed(() => session.play.value?.source ?? source.value),
    loading,
    problem: trouble,
    session,
    chosen,
    changed,
    view: computed(() => {
      const all = session.checkpoints.value;
      const asked = all.find(({ iteration }) => iteration === chosen.value);
      // A checkpoint that is not pruned yet would empty half of the page for a moment.
      return asked ?? all.findLast(({ subnetwork }) => subnetwork) ?? all.at(-1);
    }),
    ready: computed(() => device.value !== undefined && source.value !== undefined),
    goesOnAt: computed(() => startingState.value?.iteration),
    start: async () => {
      try {
        const { adapter } = await connect();
        settings.value = defaultsFor(adapter.kind);
      } catch (error) {
        adapterMissing = true;
        complain(error);
      }
      try {
        settings.value = settingsOf(location.hash, settings.value);
      } catch (error) {
        if (!adapterMissing) complain(error);
      }
      try {
        const { data } = settings.value;
        if (data === 'own') {
          settings.value = { ...settings.value, data: 'small' };
          complain(
            new EspalierError(
              'bad-data',
              'This link was made with files of somebody’s own, which a link cannot carry. Bring them again, or go on with the built-in digits.',
            ),
          );
        }
        await load(data === 'full' ? 'full' : 'small');
      } catch (error) {
        complain(error);
      }
    },
    change,
    play,
    reset: async () => {
      trouble.value = undefined;
      chosen.value = undefined;
      kept.value = undefined;
      await session.reset();
    },
    bring: async (files) => {
      trouble.value = undefined;
      try {
        const given = await files;
        if (given.length === 0) return;
        const brought = await readBrought(given);
        const { config, weights } = brought;
        const before = settings.value.data;
        // Weights go on only with the images that they have seen.
        const full = weights && config?.data === 'mnist' && !brought.source && before !== 'full';
        const images = full ? await fetched('full') : (brought.source ?? source.value);
        const found = images && keptOf(brought, images);
        if (found) await session.reset();
        batch(() => {
          kept.value = found;
          source.value = images;
          set({
            ...(config && settingsFrom(config)),
            data: full ? 'full' : brought.source ? 'own' : before,
          });
        });
        if (images) limitExamples(images);
      } catch (error) {
        complain(error);
      }
    },
    dismiss: () => {
      trouble.value = undefined;
    },
  };
}

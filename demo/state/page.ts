import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type AdapterDescription, EspalierError, type ImageSource } from '../../src/index.js';
import { addressOf, hashOf, type Kept, type View, viewOf } from './address.js';
import { readBrought } from './bring.js';
import { type Connection, createConnection } from './connection.js';
import { fetchSource } from './data.js';
import type { Turn } from './drive.js';
import { goesOnWith, type Halfway, halfwayOf } from './halfway.js';
import { type Problem, problemOf, remedyFor } from './problems.js';
import { type Checkpoint, createSession, type Goal, type Session } from './session.js';
import {
  changed as changedSettings,
  defaultsFor,
  type Settings,
  sameSettings,
  settingsFrom,
} from './settings.js';

export interface Page extends Pick<Connection, 'device' | 'connected'> {
  /** The tab that is shown. */
  readonly view: ReadonlySignal<View>;
  /** What the tabs keep in the address beside the settings. */
  readonly kept: ReadonlySignal<Kept>;
  /** The tab whose work is on the device. */
  readonly turn: Signal<Turn | undefined>;
  readonly settings: ReadonlySignal<Settings>;
  /** Undefined until the browser has given one, or when it has none. */
  readonly adapter: ReadonlySignal<AdapterDescription | undefined>;
  readonly source: ReadonlySignal<ImageSource | undefined>;
  /** The images of the run on the screen; before there is one, those that the next will have. */
  readonly subject: ReadonlySignal<ImageSource | undefined>;
  /** The share of a data set that has arrived, while one is on its way. */
  readonly loading: ReadonlySignal<number | undefined>;
  readonly problem: ReadonlySignal<Problem | undefined>;
  readonly session: Session;
  /** The iteration of the checkpoint that is looked at; undefined follows the newest. */
  readonly chosen: Signal<number | undefined>;
  readonly checkpoint: ReadonlySignal<Checkpoint | undefined>;
  /** Whether the settings have changed since the run on the screen began. */
  readonly changed: ReadonlySignal<boolean>;
  readonly ready: ReadonlySignal<boolean>;
  /** The iteration of a brought run at which the next one goes on. */
  readonly goesOnAt: ReadonlySignal<number | undefined>;
  start(): Promise<void>;
  /** The address of a tab with all that the page shows now. */
  hashOf(view: View): string;
  /** Writes a tab's own word into the address, or takes it out. */
  keep(key: `${View}.${string}`, value: string | undefined): void;
  /** Tells what went wrong, above whatever tab is shown. */
  complain(error: unknown, remedy?: Problem['remedy']): void;
  change(patch: Partial<Settings>): void;
  /** Starts, goes on, or starts anew, as the state of the run asks. */
  play(goal: Goal): void;
  reset(): Promise<void>;
  bring(files: readonly File[] | Promise<readonly File[]>): Promise<void>;
  dismiss(): void;
}

export function createPage(gpu: GPU | undefined): Page {
  const settings = signal<Settings>(defaultsFor('software'));
  const { device, connected } = createConnection(gpu);
  const source = signal<ImageSource | undefined>();
  const loading = signal<number | undefined>();
  const trouble = signal<Problem | undefined>();
  const chosen = signal<number | undefined>();
  const halfway = signal<Halfway | undefined>();
  const view = signal(viewOf(location.hash));
  const kept = signal<Kept>({});
  const turn = signal<Turn | undefined>();
  const session = createSession(turn);

  const complain = (error: unknown, remedy?: Problem['remedy']) => {
    trouble.value = problemOf(error, remedy);
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

  const here = (shown: View) => hashOf({ view: shown, settings: settings.value, kept: kept.value });

  const writeAddress = () => history.replaceState(null, '', here(view.value));

  const set = (patch: Partial<Settings>) => {
    settings.value = changedSettings(settings.value, patch);
    writeAddress();
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

  /** The settings of a link, but for files that it cannot carry. */
  const readAddress = (defaults: Settings): Settings => {
    const address = addressOf(location.hash, defaults);
    kept.value = address.kept;
    const { data } = settings.value;
    if (address.settings.data !== 'own' || data === 'own') return address.settings;
    complain(
      new EspalierError(
        'bad-data',
        'This link was made with files of somebody’s own, which a link cannot carry. Bring them again, or go on with the built-in digits.',
      ),
    );
    return { ...address.settings, data };
  };

  /** Takes the settings of the link, and for those that it lacks what suits the adapter. */
  const adopt = (kind: AdapterDescription['kind']) => {
    settings.value = defaultsFor(kind);
    try {
      settings.value = readAddress(settings.value);
    } catch (error) {
      complain(error);
    }
  };

  /** After a tab's link, the browser's Back and Forward, or a link typed over this one. */
  const follow = () => {
    view.value = viewOf(location.hash);
    try {
      change(readAddress(defaultsFor(device.value?.adapter.kind ?? 'software')));
      if (source.value) limitExamples(source.value);
    } catch (error) {
      complain(error);
    }
  };

  const goOn = () => {
    if (turn.value) return;
    trouble.value = undefined;
    session.goOn(connected);
  };

  const remedyOf = (error: unknown) =>
    remedyFor(error, settings.value, {
      goOn,
      again: (patch) => {
        change(patch);
        play('end');
      },
    });

  const play = (goal: Goal) => {
    if (turn.value) return;
    trouble.value = undefined;
    chosen.value = undefined;
    try {
      const { mode, error } = session;
      if (mode.value === 'stopped' && error.value === undefined && !changed.value) {
        session.resume(goal);
        return;
      }
      const images = source.value;
      if (images) session.start(connected, settings.value, images, goal, startingState.value);
    } catch (error) {
      complain(error, remedyOf(error));
    }
  };

  effect(() => {
    const error = session.error.value;
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
    halfway.value && goesOnWith(halfway.value, settings.value, source.value)
      ? halfway.value.state
      : undefined,
  );

  return {
    view,
    kept,
    turn,
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
    checkpoint: computed(() => {
      const all = session.checkpoints.value;
      const asked = all.find(({ iteration }) => iteration === chosen.value);
      // A checkpoint that is not pruned yet would empty half of the page for a moment.
      return asked ?? all.findLast(({ subnetwork }) => subnetwork) ?? all.at(-1);
    }),
    ready: computed(() => device.value !== undefined && source.value !== undefined),
    goesOnAt: computed(() => startingState.value?.iteration),
    start: async () => {
      addEventListener('hashchange', follow);
      // At once, so that the tabs' links lose nothing of this one while the adapter is waited for.
      adopt('software');
      try {
        const { adapter } = await connected();
        if (adapter.kind !== 'software') adopt(adapter.kind);
      } catch (error) {
        complain(error);
      }
      try {
        await load(settings.value.data === 'full' ? 'full' : 'small');
      } catch (error) {
        complain(error);
      }
    },
    hashOf: here,
    keep: (key, value) => {
      const { [key]: _, ...others } = kept.value;
      kept.value = value === undefined ? others : { ...others, [key]: value };
      writeAddress();
    },
    connected,
    complain,
    change,
    play,
    reset: async () => {
      trouble.value = undefined;
      chosen.value = undefined;
      halfway.value = undefined;
      await session.reset();
    },
    bring: async (files) => {
      trouble.value = undefined;
      try {
        const brought = await readBrought(await files);
        const { config, weights } = brought;
        const before = settings.value.data;
        // Weights go on only with the images that they have seen.
        const full = weights && config?.data === 'mnist' && !brought.source && before !== 'full';
        const images = full ? await fetched('full') : (brought.source ?? source.value);
        const found = images && halfwayOf(brought, images);
        if (found) await session.reset();
        batch(() => {
          halfway.value = found;
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

import { effect, type ReadonlySignal, untracked } from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import type { Turn } from './drive.js';
import type { Images } from './images.js';
import { type Keeper, openKeeper } from './keeper.js';
import type { KeptRun, Session } from './session.js';
import { type Settings, sameSettings } from './settings.js';

/** The run on the screen, kept by the browser over a reload, back and close. */
export interface Keeping {
  /** Whether a run was brought back: the one that these settings describe, or the last one of all. */
  restore(settings: Settings, anyRun: boolean): Promise<boolean>;
  /** Forgets the kept run. */
  forget(): Promise<void>;
}

const RUN = 'run';
/** The version of the record's form. Records of another version are not read. */
const SCHEMA = 1;

interface Kept {
  readonly schema: number;
  readonly run: KeptRun;
  /** The person's own images, which nothing else can bring back. */
  readonly source?: ImageSource;
}

interface Needs extends Pick<Images, 'source' | 'take' | 'load'> {
  readonly session: Session;
  readonly set: (patch: Partial<Settings>) => void;
}

export function createKeeping({ session, source, take, load, set }: Needs): Keeping {
  const opening = openKeeper('espalier-play');
  const quietly = async <Value>(work: (keeper: Keeper) => Promise<Value>) =>
    work(await opening).catch(() => undefined);

  let asKept = false;
  // While it runs there is more to come at once. What is written then would be out of date.
  effect(() => {
    const mode = session.mode.value;
    if (asKept || (mode !== 'done' && mode !== 'stopped')) return;
    untracked(() => {
      const run = session.kept();
      const own = run?.settings.data === 'own' && session.play.value?.source;
      const kept: Kept | undefined = run && { schema: SCHEMA, run, ...(own && { source: own }) };
      if (kept) void quietly((keeper) => keeper.put(RUN, kept));
    });
  });

  return {
    restore: async (settings, anyRun) => {
      const kept = (await quietly((keeper) => keeper.get(RUN))) as Kept | undefined;
      if (kept?.schema !== SCHEMA) return false;
      const { run } = kept;
      const { data } = run.settings;
      // A link cannot name a person's own images.
      const asked = data === 'own' ? { ...settings, data } : settings;
      if (!anyRun && !sameSettings(asked, run.settings)) return false;
      if (session.play.value || (data === 'own' && !kept.source)) return false;
      if (kept.source) take(kept.source);
      else if (data !== settings.data && data !== 'own') await load(data);
      // A run that was started meanwhile stays.
      if (session.play.value || !source.value) return false;
      set(run.settings);
      asKept = true;
      try {
        session.restore(run, source.value);
      } finally {
        asKept = false;
      }
      return true;
    },
    forget: async () => {
      await quietly((keeper) => keeper.remove(RUN));
    },
  };
}

/** Has the browser ask before the page is left while work runs that would be lost. */
export function warnBeforeLoss({
  turn,
}: {
  readonly turn: ReadonlySignal<Turn | undefined>;
}): void {
  addEventListener('beforeunload', (event) => {
    // The others keep what they have found as they go, and ask themselves where they cannot.
    if (turn.value?.view === 'play') event.preventDefault();
  });
}

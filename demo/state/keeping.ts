import { effect, type ReadonlySignal, untracked } from '@preact/signals';
import type { ImageSource } from '../../src/index.js';
import type { Turn } from './drive.js';
import type { Images } from './images.js';
import { type Keeper, openKeeper } from './keeper.js';
import { type Beside, withBeside } from './played.js';
import type { KeptRun, Play, Session } from './session.js';
import { type Settings, sameSettings } from './settings.js';

/** The run on the screen, kept by the browser over a reload, back and close. */
export interface Keeping {
  /** Whether a run was brought back: the one that these settings describe, or the last one of all. */
  restore(settings: Settings, anyRun: boolean): Promise<boolean>;
  /** Forgets the kept run, unless another tab has begun it. */
  forget(): Promise<void>;
}

const RUN = 'run';
/** The version of the records' form. Records of another version are not read. */
const SCHEMA = 3;

interface Kept extends Omit<KeptRun, 'findings' | 'beside'> {
  readonly schema: number;
  /** Tells this run's parts from those of another, which another tab may keep. */
  readonly id: number;
  readonly parts: number;
}

/**
 * What was found since the part before. All that was found, written anew at each of a hundred
 * checkpoints, would be gigabytes.
 */
interface Part extends Pick<KeptRun, 'findings' | 'beside'> {
  /** The person's own images, which nothing else can bring back; with the first part. */
  readonly source?: ImageSource;
}

interface Needs extends Pick<Images, 'source' | 'take' | 'load'> {
  readonly session: Pick<Session, 'mode' | 'play' | 'finished' | 'kept' | 'restore'>;
  readonly set: (patch: Partial<Settings>) => void;
}

/** @param opening where to keep it. */
export function createKeeping(
  { session, source, take, load, set }: Needs,
  opening: Promise<Keeper> = openKeeper('espalier-play'),
): Keeping {
  // One after the other: what is forgotten must not come back.
  let last: Promise<unknown> = opening;
  const inTurn = <Value>(work: (keeper: Keeper) => Promise<Value>): Promise<Value | undefined> => {
    const done = last.then(async () => work(await opening)).catch(() => undefined);
    last = done;
    return done;
  };

  let written: Written | undefined;
  let asKept = false;

  const keep = () => {
    const [play, run] = [session.play.value, session.kept()];
    if (!play || !run) return;
    const begun = written?.play === play ? written : undefined;
    const { id, parts: at, events } = begun ?? { id: Date.now(), parts: 0, events: new Set() };
    const fresh = <Event extends object>(all: readonly Event[]) =>
      all.filter((event) => !events.has(event));
    const part = { findings: fresh(run.findings), beside: fresh(run.beside) };
    const found = [...part.findings, ...part.beside];
    const { settings, losses, summary } = run;
    if (found.length === 0 && losses === begun?.losses && summary === begun?.summary) return;
    const parts = at + (found.length > 0 ? 1 : 0);
    written = { play, id, parts, losses, summary, events: new Set([...events, ...found]) };
    const own = at === 0 && settings.data === 'own' && { source: play.source };
    const rest = { settings, losses, ...(summary && { summary }) };
    const put = {
      ...(found.length > 0 && { [partName(id, at)]: { ...part, ...own } }),
      [RUN]: { ...rest, schema: SCHEMA, id, parts },
    };
    void inTurn((keeper) =>
      keeper.update(RUN, (record) => {
        const before = keptIn(record);
        if (!begun) return { remove: partNames(before), put };
        // Another tab has begun a run since, gone on with this one, or forgotten it.
        return before?.id === id && before.parts === at ? { put } : {};
      }),
    );
  };

  effect(() => {
    const mode = session.mode.value;
    // While it runs there is more to come at once: it is written at its checkpoints only.
    const due = mode === 'running' ? session.finished.value > 0 : mode !== 'idle';
    if (due && !asKept) untracked(keep);
  });

  const keptRun = async (kept: Kept): Promise<(KeptRun & Pick<Part, 'source'>) | undefined> => {
    const read = (name: string) => inTurn((keeper) => keeper.get(name));
    const all = (await Promise.all(partNames(kept).map(read))) as readonly (Part | undefined)[];
    const parts = all.filter((part) => part !== undefined);
    if (parts.length < kept.parts) return undefined;
    const none: readonly Beside[] = [];
    return {
      settings: kept.settings,
      losses: kept.losses,
      findings: parts.flatMap((part) => part.findings),
      beside: parts.flatMap((part) => part.beside).reduce(withBeside, none),
      ...(kept.summary && { summary: kept.summary }),
      ...(parts[0]?.source && { source: parts[0].source }),
    };
  };

  return {
    restore: async (settings, anyRun) => {
      const kept = keptIn(await inTurn((keeper) => keeper.get(RUN)));
      if (!kept) return false;
      const { data } = kept.settings;
      // A link cannot name a person's own images.
      const asked = data === 'own' ? { ...settings, data } : settings;
      if (!anyRun && !sameSettings(asked, kept.settings)) return false;
      const { source: own, ...run } = (await keptRun(kept)) ?? {};
      if (!('settings' in run)) return false;
      if (session.play.value || (data === 'own' && !own)) return false;
      if (own) take(own);
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
      const play = session.play.peek();
      const events = new Set([...run.findings, ...run.beside]);
      written = play && { ...kept, play, events };
      return true;
    },
    forget: async () => {
      const own = written?.id;
      written = undefined;
      await inTurn(async (keeper) => {
        const kept = keptIn(await keeper.get(RUN));
        // That of another tab stays.
        if (own !== undefined && kept && kept.id !== own) return;
        await keeper.remove(RUN, ...partNames(kept));
      });
    },
  };
}

/** What is kept of the run on the screen. */
interface Written extends Pick<Kept, 'id' | 'parts'> {
  readonly play: Play;
  readonly events: ReadonlySet<object>;
  readonly losses?: KeptRun['losses'];
  readonly summary?: KeptRun['summary'] | undefined;
}

/** What a record holds, if it is of this page's form. */
function keptIn(record: unknown): Kept | undefined {
  const kept = record as Kept | undefined;
  return kept?.schema === SCHEMA ? kept : undefined;
}

function partName(id: number, at: number): string {
  return `part ${id} ${at}`;
}

/** Names of all parts of a run. */
function partNames(kept: Kept | undefined): readonly string[] {
  return kept ? Array.from({ length: kept.parts }, (_, at) => partName(kept.id, at)) : [];
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

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
  /** Forgets the kept run. */
  forget(): Promise<void>;
}

const RUN = 'run';
/** The version of the records' form. Records of another version are not read. */
const SCHEMA = 2;

interface Kept extends Omit<KeptRun, 'findings' | 'beside'> {
  readonly schema: number;
  /** Tells this run's parts from those of another. */
  readonly id: number;
  readonly parts: number;
}

/**
 * What was found since the part before. All that was found, written anew at each of a hundred
 * checkpoints, would be gigabytes.
 */
interface Part extends Pick<KeptRun, 'findings' | 'beside'> {
  readonly of: number;
  /** The person's own images, which nothing else can bring back; with the first part. */
  readonly source?: ImageSource;
}

function partName(at: number): string {
  return `part ${at}`;
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
  /** Parts of an earlier run that lie there still. */
  let stale = 0;
  let asKept = false;

  const keep = () => {
    const [play, run] = [session.play.value, session.kept()];
    if (!play || !run) return;
    if (written?.play !== play) {
      stale = Math.max(stale, written?.parts ?? 0);
      written = { play, id: Date.now(), parts: 0, events: new Set() };
    }
    const { id, events } = written;
    const fresh = <Event extends object>(all: readonly Event[]) =>
      all.filter((event) => !events.has(event));
    const part = { findings: fresh(run.findings), beside: fresh(run.beside) };
    const found = [...part.findings, ...part.beside];
    const { settings, losses, summary } = run;
    if (found.length === 0 && losses === written.losses && summary === written.summary) return;
    const at = written.parts;
    const parts = at + (found.length > 0 ? 1 : 0);
    written = { ...written, parts, losses, summary, events: new Set([...events, ...found]) };
    const own = at === 0 && settings.data === 'own' && { source: play.source };
    const left = at === 0 ? namesOf(parts, stale) : [];
    const rest = { settings, losses, ...(summary && { summary }) };
    void inTurn(async (keeper) => {
      if (found.length > 0) await keeper.put(partName(at), { of: id, ...part, ...own });
      await keeper.put(RUN, { ...rest, schema: SCHEMA, id, parts });
      if (left.length > 0) await keeper.remove(...left);
    });
  };

  effect(() => {
    const mode = session.mode.value;
    // While it runs there is more to come at once: it is written at its checkpoints only.
    const due = mode === 'running' ? session.finished.value > 0 : mode !== 'idle';
    if (due && !asKept) untracked(keep);
  });

  const keptRun = async (kept: Kept): Promise<(KeptRun & Pick<Part, 'source'>) | undefined> => {
    const names = namesOf(0, kept.parts);
    const all = await Promise.all(names.map((name) => inTurn((keeper) => keeper.get(name))));
    const parts = (all as readonly (Part | undefined)[]).filter((part) => part?.of === kept.id);
    if (parts.length < kept.parts) return undefined;
    const none: readonly Beside[] = [];
    return {
      settings: kept.settings,
      losses: kept.losses,
      findings: parts.flatMap((part) => part?.findings ?? []),
      beside: parts.flatMap((part) => part?.beside ?? []).reduce(withBeside, none),
      ...(kept.summary && { summary: kept.summary }),
      ...(parts[0]?.source && { source: parts[0].source }),
    };
  };

  return {
    restore: async (settings, anyRun) => {
      const kept = (await inTurn((keeper) => keeper.get(RUN))) as Kept | undefined;
      if (kept?.schema !== SCHEMA) return false;
      stale = Math.max(stale, kept.parts);
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
      const names = namesOf(0, Math.max(stale, written?.parts ?? 0));
      written = undefined;
      stale = 0;
      await inTurn((keeper) => keeper.remove(RUN, ...names));
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

/** Names of the parts from one to before another. */
function namesOf(from: number, to: number): readonly string[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => partName(from + at));
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

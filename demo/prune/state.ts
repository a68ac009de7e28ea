import { computed, type ReadonlySignal, signal } from '@preact/signals';
import {
  type Budgeted,
  EspalierError,
  type Preprocessing,
  type UnitChoice,
} from '../../src/index.js';
import type { PathFile } from '../model/dropped.js';
import type { Page } from '../state/page.js';
import { sortBrought } from './brought.js';
import { startWorker } from './client.js';
import { triedUnder } from './figures.js';
import type { Budget, PlanView, Progress, ResultView, SavedFile, Standing } from './protocol.js';
import { pruneText } from './wording.js';

/** Where a trouble is told: beside what it is about. */
export type Place = 'network' | 'pictures' | 'work';

/** The tab's state: what the worker has, and what it is doing. */
export interface Prune {
  /** Undefined until the worker has started. */
  readonly standing: ReadonlySignal<Standing | undefined>;
  readonly budget: ReadonlySignal<Budget>;
  /** What the budget leaves, as far as it is known. */
  readonly plan: ReadonlySignal<PlanView | undefined>;
  readonly doing: ReadonlySignal<
    { readonly place: Place; readonly progress: Progress } | undefined
  >;
  readonly troubles: ReadonlySignal<Readonly<Partial<Record<Place, string>>>>;
  /** The result that is shown: the newest, or the one that was chosen. */
  readonly result: ReadonlySignal<ResultView | undefined>;
  /** Whether there is all that a cut needs. */
  readonly able: ReadonlySignal<boolean>;
  /** Whether the last cut was cancelled. */
  readonly cancelled: ReadonlySignal<boolean>;
  change(patch: Partial<Budget>): void;
  /** Takes a network, pictures, or both, by what the files are. */
  bring(files: readonly PathFile[]): Promise<void>;
  /** Takes the pictures among the files. */
  bringPictures(files: readonly PathFile[]): Promise<void>;
  builtIn(what: 'network' | 'pictures'): Promise<void>;
  choose(choice: {
    readonly preprocessing?: Preprocessing;
    readonly units?: UnitChoice;
  }): Promise<void>;
  /** Whether it came to its end. */
  prune(): Promise<boolean>;
  /** Cuts to several budgets one after another, those that were not tried: how far it can go. */
  tryMany(): Promise<boolean>;
  cancel(): void;
  show(id: number): void;
  /** A result as a file with that ending. */
  file(id: number, ending: string): Promise<SavedFile | undefined>;
  /** Brings back what made way for what is here now. */
  back(): Promise<void>;
  forget(): Promise<void>;
}

/** Shares that are tried to see how far a network can be cut. */
const LADDER = [0.8, 0.65, 0.5, 0.35, 0.25] as const;
/** Budgets as near as this are the same try. */
const NEAR = 0.04;

const BUSY = 'The page is busy. Once it is done, or cancelled, drop this again.';
const EMPTY = 'There is no file in what you gave.';

const KINDS: readonly Budgeted[] = ['multiplyAdds', 'parameters', 'milliseconds'];

export function createPrune(page: Page): Prune {
  const ask = startWorker();
  const standing = signal<Standing | undefined>();
  const plan = signal<PlanView | undefined>();
  const doing = signal<{ place: Place; progress: Progress } | undefined>();
  const troubles = signal<Readonly<Partial<Record<Place, string>>>>({});
  const chosen = signal<number | undefined>();
  const cancelled = signal(false);
  let abort = new AbortController();

  const budget = computed<Budget>(() => {
    const { 'prune.of': of, 'prune.share': share } = page.kept.value;
    const found = Number(share);
    return {
      of: KINDS.find((kind) => kind === of) ?? 'multiplyAdds',
      share: found > 0 && found < 1 ? found : 0.5,
    };
  });

  let planning = false;
  let stale = false;
  /** Asks for the plan of the budget of now: while one is on its way, only the newest counts. */
  const replan = async () => {
    stale = true;
    if (planning) return;
    planning = true;
    try {
      while (stale) {
        stale = false;
        const found = await ask('plan', budget.peek());
        plan.value = found;
        // What cannot be reached is not asked for.
        const least = Math.ceil(100 * (found?.least ?? 0)) / 100;
        if (budget.peek().share < least) change({ share: least });
      }
    } catch (error) {
      tell('work', error);
    } finally {
      planning = false;
    }
  };

  const change = (patch: Partial<Budget>) => {
    const next = { ...budget.peek(), ...patch };
    page.keep('prune.of', next.of === 'multiplyAdds' ? undefined : next.of);
    page.keep('prune.share', next.share === 0.5 ? undefined : String(next.share));
    void replan();
  };

  const tell = (place: Place, error: unknown) => {
    if (error instanceof EspalierError && error.code === 'aborted') return;
    troubles.value = { ...troubles.value, [place]: pruneText(error) };
  };

  const refuse = (place: Place, text: string): void => {
    troubles.value = { [place]: text };
  };

  /** Does one thing at a time; what it gives is how things stand from then on. */
  const work = async (
    place: Place,
    text: string,
    task: (how: {
      readonly tell: (progress: Progress) => void;
      readonly signal: AbortSignal;
    }) => Promise<Standing | undefined>,
  ): Promise<boolean> => {
    if (doing.peek()) {
      if (place !== 'work') refuse(place, BUSY);
      return false;
    }
    troubles.value = {};
    cancelled.value = false;
    doing.value = { place, progress: { text, share: 0 } };
    abort = new AbortController();
    try {
      const found = await task({
        tell: (progress) => {
          doing.value = { place, progress };
        },
        signal: abort.signal,
      });
      if (found) standing.value = found;
      return true;
    } catch (error) {
      tell(place, error);
      cancelled.value = abort.signal.aborted;
      return false;
    } finally {
      doing.value = undefined;
      await replan();
    }
  };

  /**
   * Cuts to one budget after another, while no other tab works on the device.
   *
   * @param why what precedes the words on how far it is.
   */
  const cut = async (budgets: readonly Budget[], why = ''): Promise<boolean> => {
    if (page.turn.peek()) return false;
    page.turn.value = { view: 'prune', end: () => abort.abort() };
    chosen.value = undefined;
    try {
      return await work('work', 'Starting', async ({ tell: show, signal }) => {
        let last: Standing | undefined;
        for (const [at, own] of budgets.entries()) {
          const which = budgets.length > 1 ? ` (${at + 1} of ${budgets.length})` : '';
          const tell = ({ text, share }: Progress) =>
            show({ text: why + text + which, share: (at + share) / budgets.length });
          const others = budgets.slice(at + 1);
          last = await ask('prune', { budget: own, others }, { tell, signal });
          standing.value = last;
          void replan();
        }
        return last;
      });
    } finally {
      page.turn.value = undefined;
    }
  };

  const able = computed(() => {
    const now = standing.value;
    return Boolean(now?.network && !now.network.obstacle && now.pictures && !now.misfit);
  });

  const open = async () => {
    await work('network', 'Fetching the network', () =>
      ask('open', { base: new URL('.', document.baseURI).href }),
    );
    const left = standing.peek()?.unfinished ?? [];
    const [first] = left;
    if (!first || !able.peek()) return;
    change(first);
    await cut(left, 'Going on where the page was left: ');
  };
  void open();

  const readPictures = (source: readonly PathFile[]) =>
    work('pictures', 'Reading the pictures', (how) => ask('pictures', { source }, how));

  return {
    standing,
    budget,
    plan,
    doing,
    cancelled,
    troubles,
    result: computed(() => {
      const results = standing.value?.results ?? [];
      return results.find(({ id }) => id === chosen.value) ?? results.at(-1);
    }),
    able,
    change,
    bring: async (files) => {
      if (files.length === 0) return refuse('network', EMPTY);
      const { network, pictures } = sortBrought(files);
      chosen.value = undefined;
      if (network.length > 0) {
        const read = await work('network', 'Reading the network', (how) =>
          ask('network', { source: network }, how),
        );
        if (!read) return;
      }
      if (pictures.length > 0) await readPictures(pictures);
    },
    bringPictures: async (files) => {
      if (files.length === 0) return refuse('pictures', EMPTY);
      const { pictures } = sortBrought(files);
      chosen.value = undefined;
      // Where there are none, the refusal names what was given.
      await readPictures(pictures.length > 0 ? pictures : files);
    },
    builtIn: async (what) => {
      await work(what, 'Fetching', (how) => ask(what, { source: 'built-in' }, how));
    },
    choose: async (choice) => {
      await work('work', 'Changing', () => ask('choose', choice));
    },
    prune: () => cut([budget.peek()]),
    tryMany: () => {
      const { of } = budget.peek();
      const tried = triedUnder(standing.peek(), of);
      const shares = LADDER.filter(
        (share) =>
          share > (plan.peek()?.least ?? 0) &&
          tried.every((result) => Math.abs(result.budget.share - share) > NEAR),
      );
      return cut(shares.map((share) => ({ of, share })));
    },
    cancel: () => abort.abort(),
    show: (id) => {
      chosen.value = id;
      const found = standing.peek()?.results.find((result) => result.id === id);
      if (found) change(found.budget);
    },
    file: async (id, ending) => {
      try {
        return await ask('file', { id, ending });
      } catch (error) {
        tell('work', error);
        return undefined;
      }
    },
    back: async () => {
      chosen.value = undefined;
      await work('work', 'Bringing it back', () => ask('back', undefined));
    },
    forget: async () => {
      chosen.value = undefined;
      await work('work', 'Starting over', () => ask('forget', undefined));
    },
  };
}

import type { Keeper } from '../state/keeper.js';
import type { Budget } from './protocol.js';

/** Cuts that were asked for and are not done, as the browser keeps them. */
export interface KeptCuts {
  readonly budgets: readonly Budget[];
  /** How many times the first of them was begun. */
  readonly begun: number;
}

type Locks = Pick<LockManager, 'request'>;

const CUTS = 'cuts';
/** Held by each tab that cuts: what another one is at was not interrupted. */
const LOCK = 'espalier-prune';
/** How long the lock of a page that is being left may outlive it. */
const LEFT_MILLIS = 3000;
/** Times that a cut is begun. One that each time ended with the page may be what ended it. */
const MOST_BEGUN = 3;

/** The cuts that were interrupted with the page, and may be begun again. */
export async function leftCuts(
  keeper: Keeper,
  locks: Locks | undefined,
): Promise<KeptCuts | undefined> {
  if (!(await keeper.get(CUTS))) return undefined;
  try {
    const signal = AbortSignal.timeout(LEFT_MILLIS);
    await locks?.request(LOCK, { signal }, () => undefined);
  } catch {
    return undefined;
  }
  const cuts = (await keeper.get(CUTS)) as KeptCuts | undefined;
  return cuts && cuts.begun < MOST_BEGUN ? cuts : undefined;
}

/** Keeps a note of the cuts while the first of them is being done. */
export async function withCutsNoted(
  cuts: KeptCuts,
  keeper: Keeper | undefined,
  locks: Locks | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const noted = async () => {
    await keeper?.put(CUTS, cuts);
    try {
      await work();
    } finally {
      // Only if the page is left meanwhile does the note stay.
      await keeper?.remove(CUTS);
    }
  };
  await (locks ? locks.request(LOCK, { mode: 'shared' }, noted) : noted());
}

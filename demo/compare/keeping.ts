import type { DenseOutcome, ImageSource, Outcome } from '../../src/index.js';
import { sourceDigest } from '../state/digest.js';
import { type Keeper, openKeeper } from '../state/keeper.js';
import type { Subject } from './subject.js';

/** A comparison as far as it has come. */
export interface KeptComparison {
  readonly subject: Omit<Subject, 'images'>;
  readonly dense: DenseOutcome | undefined;
  readonly outcomes: readonly Outcome[];
  /** Names of the adapters that it was made on, in turn. */
  readonly adapters: readonly string[];
}

interface Kept extends KeptComparison {
  readonly schema: number;
  /** A digest of the images that it was of. */
  readonly images: string;
}

const COMPARISON = 'comparison';
/** The version of the record's form. Records of another version are not read. */
const SCHEMA = 2;

/** Keeps the last comparison over a reload, where the browser keeps anything. */
export interface CompareKeeping {
  /** Whether the browser keeps what it is given. */
  keeps(): boolean;
  put(found: KeptComparison, images: ImageSource): Promise<void>;
  get(): Promise<Kept | undefined>;
  forget(): Promise<void>;
}

/** @param opening where to keep it. */
export function createCompareKeeping(
  opening: Promise<Keeper> = openKeeper('espalier-compare'),
): CompareKeeping {
  let keeper: Keeper | undefined;
  void opening.then((opened) => {
    keeper = opened;
  });
  // One after the other: what is forgotten must not come back by a digest that took longer.
  let last: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>) => {
    last = last.then(work);
    return last;
  };
  return {
    keeps: () => keeper?.keeps() ?? false,
    put: (found, images) =>
      inTurn(async () => {
        const kept: Kept = { ...found, schema: SCHEMA, images: await sourceDigest(images) };
        // Without room the one before stays: it is whole, and says what it is of.
        await (await opening).update(COMPARISON, () => ({ put: { [COMPARISON]: kept } }));
      }),
    get: async () => {
      const kept = (await (await opening).get(COMPARISON)) as Kept | undefined;
      return kept?.schema === SCHEMA ? kept : undefined;
    },
    forget: () => inTurn(async () => (await opening).remove(COMPARISON)),
  };
}

import type {
  Budgeted,
  Preprocessing,
  PruneMeasurements,
  UnitChoice,
  UnitCurve,
} from '../../src/index.js';
import type { PathFile } from '../model/dropped.js';
import type { CutResult } from './cut.js';
import type { OwnNetwork, OwnPictures } from './sources.js';

/** What the person has chosen of how a network is read and cut. */
export interface Choices {
  readonly preprocessing: Preprocessing;
  /** Whether nobody has said that these are the pixels that the network was trained with. */
  readonly guessed: boolean;
  readonly units: UnitChoice;
}

/** What belongs together: a network, pictures for it, and all that was computed from them. */
export interface Desk {
  readonly network?: OwnNetwork | undefined;
  readonly pictures?: OwnPictures | undefined;
  /** The files that they were read from, while the page is open. */
  readonly pictureFiles?: readonly PathFile[] | undefined;
  readonly choices: Choices;
  readonly curves: readonly UnitCurve[];
  /** By what a budget counts; milliseconds are there once they were measured. */
  readonly measured: Map<Budgeted, PruneMeasurements>;
  /** Newest last. All are of this network; each knows with which pictures it was made. */
  readonly results: readonly CutResult[];
}

/** Desks that are put aside at most: each may hold many pictures. */
const MOST_ASIDE = 3;

/** Curves and costs count for the inputs that they were measured with alone. */
export function unmeasured(): Pick<Desk, 'curves' | 'measured'> {
  return { curves: [], measured: new Map() };
}

/** What would be lost when one desk takes another's place: not what comes with the page, or lies aside already. */
function losesBy(asides: readonly Desk[], left: Desk, next: Desk): boolean {
  const gone = (what: 'network' | 'pictures') => {
    const own = left[what];
    return own && !own.builtIn && [next, ...asides].every((desk) => desk[what] !== own);
  };
  const made = left.results.length > 0 && left.network !== next.network;
  return Boolean(made || gone('network') || gone('pictures'));
}

/** Results are a network's: those made at one of its desks since count at all of them. */
function withResultsOf(now: Desk, desks: readonly Desk[]): readonly Desk[] {
  const { network, results } = now;
  return desks.map((desk) => (network && desk.network === network ? { ...desk, results } : desk));
}

/** The desks that lie aside, newest first, once one has taken another's place. */
export function putAside(asides: readonly Desk[], left: Desk, next: Desk): readonly Desk[] {
  const others = withResultsOf(left, asides);
  return losesBy(asides, left, next) ? [left, ...others].slice(0, MOST_ASIDE) : others;
}

/** Brings back the newest desk that lies aside. The one of now goes behind the others: pressed again and again, all come by. */
export function bringBack(
  asides: readonly Desk[],
  now: Desk,
): { readonly desk: Desk; readonly asides: readonly Desk[] } {
  const [desk, ...rest] = withResultsOf(now, asides);
  if (!desk) return { desk: now, asides };
  return { desk, asides: losesBy(rest, now, desk) ? [...rest, now] : rest };
}

/** What the browser keeps of a desk, by name. What is of no worth any more is undefined. */
export function recordsOf(desk: Desk): Readonly<Record<string, unknown>> {
  const { network, pictures, choices, curves, results } = desk;
  return {
    network: network?.kept,
    pictures: pictures?.builtIn ? 'built-in' : pictures,
    choices,
    curves: curves.length > 0 ? curves : undefined,
    results: results.length > 0 ? results : undefined,
  };
}

/** Whether a result was made and judged with the pictures and pixels at hand, so that new ones compare with it. */
export function isCurrent({ view, preprocessing }: CutResult, desk: Desk): boolean {
  const { pictures, choices } = desk;
  return (
    view.pictures.checksum === pictures?.checksum &&
    JSON.stringify(preprocessing) === JSON.stringify(choices.preprocessing)
  );
}

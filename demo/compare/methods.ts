import {
  CONTENDERS,
  type Contender,
  conflictIn,
  contenderChoice,
  type RunConfig,
} from '../../src/index.js';
import { REFITS } from '../../src/prune/choices.js';
import type { Kept } from '../state/address.js';

export interface MethodLook {
  readonly name: string;
  /** How the method chooses neurons, in one line. */
  readonly how: string;
  /** Name of a custom property of the style sheet. */
  readonly colour: string;
}

export const METHODS: Readonly<Record<Contender, MethodLook>> = {
  greedy: {
    name: 'Greedy',
    how: 'adds what helps most; each pick counts the same',
    colour: '--greedy',
  },
  'line-search': {
    name: 'Greedy, best step',
    how: 'adds what helps most, with the best weight for each pick',
    colour: '--line-search',
  },
  corrective: {
    name: 'Greedy, refitted',
    how: 'adds what helps most, and weighs all picks anew after each',
    colour: '--corrective',
  },
  random: { name: 'At random', how: 'picks blindly', colour: '--random' },
  magnitude: { name: 'Largest weights', how: 'keeps the largest weights', colour: '--magnitude' },
  activation: {
    name: 'Most active',
    how: 'keeps the neurons that answer most strongly',
    colour: '--activation',
  },
  gradient: {
    name: 'Largest effect',
    how: 'keeps the neurons that move the error most',
    colour: '--gradient',
  },
  backward: {
    name: 'Backward',
    how: 'drops what is missed least, again and again',
    colour: '--backward',
  },
  scratch: {
    name: 'Trained from scratch',
    how: 'prunes nothing: a small network trained as long',
    colour: '--text',
  },
};

/** The methods that can be used with the loss, with or without training from scratch. */
export function contendersFor(
  { loss }: Pick<RunConfig, 'loss'>,
  scratch: boolean,
): readonly Contender[] {
  return CONTENDERS.filter(
    (method) =>
      (scratch || method !== 'scratch') &&
      conflictIn({ ...contenderChoice(method), loss }) === undefined,
  );
}

export const REFIT = 'compare.refit';

/** The refit that the address names; else all weights, where the loss is that of least squares. */
export function refitIn(kept: Kept, { loss }: Pick<RunConfig, 'loss'>): RunConfig['refit'] {
  const named = REFITS.find((refit) => refit === kept[REFIT]) ?? 'weights';
  return conflictIn({ refit: named, loss }) ? 'none' : named;
}

const LADDER = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const MOST_SIZES = 5;

/** A few sizes up to the number of picks, at most the width: a ranking cannot pick more. */
export function sizesFor({ picks, width }: Pick<RunConfig, 'picks' | 'width'>) {
  const largest = Math.min(picks, width);
  return [...LADDER.filter((size) => size < largest), largest].slice(-MOST_SIZES);
}

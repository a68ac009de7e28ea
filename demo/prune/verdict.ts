import { isGuessing } from '../../src/experiment/model/prune/guessing.js';
import { plural } from '../../src/text.js';
import { percent } from '../model/format.js';
import { COUNTED_WORDS } from './figures.js';
import type { ResultView } from './protocol.js';

/** What a cut cost: `unknown` where the network as it came is no better than guessing. */
export type Cost = 'little' | 'some' | 'much' | 'unknown';

/** Losses up to which little is lost, and up to which some is: of right answers, or of the same ones. */
const LIMITS = {
  accuracy: { little: 0.02, some: 0.05 },
  agreement: { little: 0.05, some: 0.1 },
} as const;

/** For what a difference of two shares is off by rounding. */
const ROUNDING = 1e-9;

type Judged = Pick<
  ResultView,
  'budget' | 'reached' | 'agreement' | 'judged' | 'classes' | 'calibrated' | 'few'
> & {
  readonly dense: Pick<ResultView['dense'], 'accuracy'>;
  readonly pruned: Pick<ResultView['pruned'], 'accuracy'>;
};

export function costOf({ dense, pruned, agreement, classes }: Judged): Cost {
  if (dense.accuracy !== undefined && isGuessing(dense.accuracy, classes)) return 'unknown';
  const labelled = dense.accuracy !== undefined && pruned.accuracy !== undefined;
  const lost = labelled ? dense.accuracy - pruned.accuracy : 1 - agreement;
  const { little, some } = LIMITS[labelled ? 'accuracy' : 'agreement'];
  if (lost <= little + ROUNDING) return 'little';
  return lost <= some + ROUNDING ? 'some' : 'much';
}

/** Pictures of which one alone is more than two points. */
const FEW_JUDGES = 50;

/** What came out, in words: its size and what that cost belong together. */
export interface Verdict {
  readonly cost: Cost;
  /** `30.9%` */
  readonly size: string;
  /** `of the multiply-adds` */
  readonly counted: string;
  /** `66.7%` */
  readonly quality: string;
  /** `same answers` */
  readonly meaning: string;
  /** What to think of it. */
  readonly said: string;
  /** What to do about it, if anything. */
  readonly advice: string;
  /** Who says so. */
  readonly judges: string;
}

export function verdictOf(result: Judged): Verdict {
  const { budget, reached, agreement, judged, pruned, dense } = result;
  const cost = costOf(result);
  const labelled = pruned.accuracy !== undefined && dense.accuracy !== undefined;
  const [said, advice] = WORDS[cost](result);
  const judges = plural(judged, 'picture');
  return {
    cost,
    size: percent(reached),
    counted: `of the ${COUNTED_WORDS[budget.of]}`,
    quality: percent(pruned.accuracy ?? agreement),
    meaning: labelled ? `right, ${percent(dense.accuracy)} before` : 'same answers',
    said,
    advice,
    judges:
      judged < FEW_JUDGES
        ? `Only ${judges} judged it: more would tell it better.`
        : `Judged by ${judges}${labelled ? `, with the same answer for ${percent(agreement)}` : ''}.`,
  };
}

const WORDS: Readonly<Record<Cost, (result: Judged) => readonly [said: string, advice: string]>> = {
  little: () => ['Little is lost.', ''],
  some: () => ['Some is lost.', 'A larger budget keeps more.'],
  much: ({ few }) => [
    'Too much is gone.',
    `Take a larger budget${few ? ' or more pictures' : ''}, or train the small one a little: that is espalier prune --fine-tune, on the command line.`,
  ],
  unknown: () => [
    'The network as it came is right no more often than guessing.',
    'Wrong pixels are the usual cause: see “The network takes pixels”.',
  ],
};

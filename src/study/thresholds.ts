import { max, min } from 'simple-statistics';
import type { Observation } from '../theory/models.js';
import type { Cell } from './cell.js';

/** A criterion that tells when pre-training was enough, by the pruned subnetwork's training loss. */
export type Criterion =
  /** From there on the loss stays at or below `level`. */
  | { readonly name: 'absolute'; readonly level: number }
  /**
   * From there on the loss stays at or below best + tolerance · (loss at iteration 0 − best), with
   * the best that this trial ever reaches: a tolerance of 0.1 asks for 90 % of what pre-training
   * brings. A share of the best alone would ask for ever more where that loss goes to 0.
   */
  | { readonly name: 'relative'; readonly tolerance: number };

/** When one trial met a criterion. */
export interface Threshold {
  readonly examples: number;
  readonly trial: number;
  /** t*: the first checkpoint from which the criterion holds; null where it was never met. */
  readonly iteration: number | null;
  /** The checkpoint before, after which t* lies; null when the first checkpoint met it. */
  readonly after: number | null;
  /** Not met by the last checkpoint: t* is larger than `after`, and nothing else is known. */
  readonly censored: boolean;
}

/** When one trial's subnetwork beat the dense network as it was at the end of pre-training. */
export interface Crossing {
  readonly examples: number;
  readonly trial: number;
  /** First checkpoint whose subnetwork has at most that training loss; null where none has. */
  readonly byLoss: number | null;
  /** First checkpoint whose subnetwork has at least that test accuracy; null where none has. */
  readonly byAccuracy: number | null;
}

/** The cells of one trial in one setting, in order of iteration. */
export type Course = readonly [Cell, ...Cell[]];

/** When pre-training was enough: the first checkpoint from which the criterion holds to the end. */
export function findThreshold(course: Course, criterion: Criterion): Threshold {
  const bound = lossBound(course, criterion);
  const { examples, trial } = course[0];
  const lastFailure = course.findLastIndex(({ subnetworkLoss }) => !(subnetworkLoss <= bound));
  return {
    examples,
    trial,
    iteration: course[lastFailure + 1]?.iteration ?? null,
    after: course[lastFailure]?.iteration ?? null,
    censored: lastFailure === course.length - 1,
  };
}

function lossBound(course: Course, criterion: Criterion): number {
  if (criterion.name === 'absolute') return criterion.level;
  const best = min(course.map(({ subnetworkLoss }) => subnetworkLoss));
  return best + criterion.tolerance * (course[0].subnetworkLoss - best);
}

/** Slack of the default level, so that no trial's threshold hangs on its very last checkpoint. */
const LEVEL_SLACK = 1.1;

/**
 * The default level: a tenth above the highest loss that any trial has at its end, rounded up to
 * two digits. So every trial, and with it every size, reaches it.
 */
export function commonLevel(courses: readonly Course[]): number {
  const highest = max(courses.map((course) => (course.at(-1) ?? course[0]).subnetworkLoss));
  const target = LEVEL_SLACK * highest;
  if (!(target > 0)) return 0;
  const digit = Math.floor(Math.log10(target)) - 1;
  // Through text, so that the level is the number that people read.
  return Number(`${Math.ceil(target / 10 ** digit)}e${digit}`);
}

/** When the subnetwork was first as good as the dense network is at the end. */
export function findCrossing(course: Course): Crossing {
  const { denseLoss, denseTestAccuracy } = course.at(-1) ?? course[0];
  const first = (holds: (cell: Cell) => boolean) => course.find(holds)?.iteration ?? null;
  return {
    examples: course[0].examples,
    trial: course[0].trial,
    byLoss: first(({ subnetworkLoss }) => subnetworkLoss <= denseLoss),
    byAccuracy: first(({ subnetworkTestAccuracy: share }) => share >= denseTestAccuracy),
  };
}

/** What a fit sees of a threshold: the interval in which it lies. */
export function thresholdInterval({ examples, iteration, after }: Threshold): Observation {
  return {
    examples,
    lower: after ?? Number.NEGATIVE_INFINITY,
    upper: iteration ?? Number.POSITIVE_INFINITY,
  };
}

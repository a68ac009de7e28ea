import { max, min } from 'simple-statistics';
import type { Observation } from '../theory/models.js';
import type { Cell } from './cell.js';

/** When pre-training counts as enough, by the training loss of the pruned subnetwork. */
export type Criterion =
  /** The loss is at most `level` from then on. */
  | { readonly name: 'absolute'; readonly level: number }
  /**
   * The loss is at most best + tolerance · (first − best) from then on. `first` is the loss at
   * iteration 0, `best` the least loss of this trial. So a tolerance of 0.1 asks for 90 % of the
   * improvement by pre-training. A multiple of `best` would be no criterion: where `best` is near
   * 0, nothing meets it.
   */
  | { readonly name: 'relative'; readonly tolerance: number };

/** When one trial met a criterion, in iterations. */
export interface Threshold {
  readonly examples: number;
  readonly trial: number;
  /** t*: the first checkpoint from which on the criterion holds; null when there is none. */
  readonly iteration: number | null;
  /** The checkpoint before t*; null when the criterion holds from the first checkpoint on. */
  readonly after: number | null;
  /** The last checkpoint does not meet the criterion. All that is known is that t* > `after`. */
  readonly censored: boolean;
}

/** When one trial's subnetwork was first as good as the dense network is after all pre-training. */
export interface Crossing {
  readonly examples: number;
  readonly trial: number;
  /** The first checkpoint whose subnetwork has at most that training loss; null when none has. */
  readonly byLoss: number | null;
  /** The first checkpoint whose subnetwork has at least that test accuracy; null when none has. */
  readonly byAccuracy: number | null;
}

/** The cells of one trial in one setting, in order of iteration. */
export type Course = readonly [Cell, ...Cell[]];

/** The threshold of one trial: the first checkpoint from which the criterion holds to the end. */
export function findThreshold(course: Course, criterion: Criterion): Threshold {
  const bound = lossBound(course, criterion);
  return thresholdOfCourse(course, ({ subnetworkLoss }) => subnetworkLoss <= bound);
}

/** The first checkpoint of a trial from which a condition holds to the end. */
export function thresholdOfCourse<
  Point extends { readonly examples: number; readonly trial: number; readonly iteration: number },
>(course: readonly [Point, ...Point[]], holds: (point: Point) => boolean): Threshold {
  const { examples, trial } = course[0];
  const lastFailure = course.findLastIndex((point) => !holds(point));
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

/**
 * The default level lies above the highest final loss, so that no trial meets it only at the end.
 */
const LEVEL_SLACK = 1.1;

/**
 * The default level of the absolute criterion: 1.1 times the highest final loss of all trials,
 * rounded up to two digits. So every trial meets it by its end.
 */
export function commonLevel(courses: readonly Course[]): number {
  const highest = max(courses.map((course) => (course.at(-1) ?? course[0]).subnetworkLoss));
  const target = LEVEL_SLACK * highest;
  if (!(target > 0)) return 0;
  const digit = Math.floor(Math.log10(target)) - 1;
  // Parsed from text, so that the level is exactly the decimal number that people read.
  return Number(`${Math.ceil(target / 10 ** digit)}e${digit}`);
}

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

/** A threshold as the interval (lower, upper] that it lies in, which is what fits take. */
export function thresholdInterval({ examples, iteration, after }: Threshold): Observation {
  return {
    examples,
    lower: after ?? Number.NEGATIVE_INFINITY,
    upper: iteration ?? Number.POSITIVE_INFINITY,
  };
}

import type { Performance, TwoLayerParameters } from '../../src/index.js';
import { flopsPerExample, parameterCount } from '../../src/models/two-layer.js';
import type { AnswerTime } from './played.js';
import type { Checkpoint, Stage } from './session.js';

/** What is told of one size. */
export interface Told extends Pick<Performance, 'testAccuracy'> {
  readonly width: number;
}

/** A subnetwork of one size. */
export interface Point extends Performance, Told {
  readonly network: TwoLayerParameters;
  /** Picks that it takes, where it is one of the selection's sizes. */
  readonly picks?: number | undefined;
}

/** Test accuracy by number of neurons; `null` where nothing was trained at that size. */
export type Line = ReadonlyMap<number, number>;

/** All sizes of one selection, and what they are compared with after the same steps, in figures. */
export interface Outline<Size extends Told = Told> {
  /** Ascending by width. Never empty. */
  readonly points: readonly Size[];
  /** The same, weighted as picked; absent where `points` are that, or are trained further. */
  readonly asPicked?: Line;
  readonly fromScratch: Line;
  /** Whether the points have had the steps of fine-tuning. */
  readonly tuned: boolean;
  /** Whether there are networks that have had them. */
  readonly tunable: boolean;
  /** The dense network that has had as many steps as the points have. */
  readonly dense: Told;
  /** That of the checkpoint with its output weights refitted, as those of the sizes are. */
  readonly denseRefitted: Told | undefined;
  /** The better of both, so that a refit of the small network alone wins nothing. */
  readonly yardstick: Told;
  /** The smallest point within `MARGIN` of the yardstick. */
  readonly smallest: Size | undefined;
}

/** An outline with its networks. */
export type Frontier = Outline<Point>;

/** What counts as the same accuracy: a point of a hundred. */
const MARGIN = 0.01;

/**
 * The sizes at a checkpoint.
 *
 * @param tuned with the steps of fine-tuning, where networks were trained by them.
 */
export function frontierAt(checkpoint: Checkpoint, tuned: boolean): Frontier | undefined {
  const { bySize: sizes, denseFineTuned, fromScratch, fineTuned, trained = [] } = checkpoint;
  if (!sizes) return undefined;
  const tunes = tuned && denseFineTuned !== undefined;
  const ofWay = (way: 'fine-tuned' | 'from-scratch' | 'from-scratch-tuned') =>
    trained.filter((found) => found.way === way);
  const points = tunes
    ? [...ofWay('fine-tuned').map(sized), ...pointsOfStage(fineTuned)].toSorted(byWidth)
    : (sizes.refitted ?? sizes.picked).map(sized);
  // Where there is no fine-tuning, the run's own one from scratch has had the same steps.
  const own = tunes || !fineTuned ? pointsOfStage(fromScratch) : [];
  const others = [...ofWay(tunes ? 'from-scratch-tuned' : 'from-scratch').map(sized), ...own];
  const dense = tunes ? denseFineTuned.figures : checkpoint.dense.figures;
  const denseRefitted = sizes.denseRefitted && { ...sizes.denseRefitted, width: dense.width };
  const yardstick = better(dense, denseRefitted);
  return {
    points,
    ...(!tunes && sizes.refitted && { asPicked: lineThrough(sizes.picked.map(sized)) }),
    fromScratch: lineThrough(others),
    tuned: tunes,
    tunable: denseFineTuned !== undefined,
    dense,
    denseRefitted,
    yardstick,
    smallest: smallestWithin(points, yardstick),
  };
}

/** The dense network as it is or refitted, whichever has more right. */
export function better(dense: Told, refitted: Told | undefined): Told {
  return refitted && refitted.testAccuracy > dense.testAccuracy ? refitted : dense;
}

/** The smallest point within `MARGIN` of the yardstick. */
export function smallestWithin<Size extends Told>(
  points: readonly Size[],
  yardstick: Told,
): Size | undefined {
  const least = yardstick.testAccuracy - MARGIN;
  return points.find(({ testAccuracy }) => testAccuracy >= least);
}

/** The point of a width, or the next smaller one; without a width, that of the headline. */
export function pointAt<Size extends Told>(
  { points, smallest }: Pick<Outline<Size>, 'points' | 'smallest'>,
  width: number | undefined,
): Size | undefined {
  if (width === undefined) return smallest ?? points.at(-1);
  return points.findLast((point) => point.width <= width) ?? points[0];
}

/** The subnetwork of a width, as selected and as fine-tuned, so far as there is one of that width. */
export function pointsAt(
  { bySize: sizes, fineTuned, trained = [] }: Checkpoint,
  width: number | undefined,
): { readonly subnetwork?: Point | undefined; readonly fineTuned?: Point | undefined } {
  const ofWidth = (points: readonly Point[]) => points.find((point) => point.width === width);
  const tuned = trained.filter(({ way }) => way === 'fine-tuned').map(sized);
  return {
    subnetwork: ofWidth((sizes?.refitted ?? sizes?.picked ?? []).map(sized)),
    fineTuned: ofWidth([...tuned, ...pointsOfStage(fineTuned)]),
  };
}

/** What a network costs. */
export function costs({ network }: Point) {
  return { parameters: parameterCount(network), flopsPerExample: flopsPerExample(network) };
}

/** Milliseconds at a width: measured there, or on the line between the measured ones beside it. */
export function millisecondsAt(times: readonly AnswerTime[], width: number): number | undefined {
  const sorted = times.toSorted((a, b) => a.width - b.width);
  const above = sorted.find((time) => time.width >= width);
  const below = sorted.findLast((time) => time.width <= width);
  if (!above || !below) return (above ?? below)?.milliseconds;
  const span = above.width - below.width;
  const share = span === 0 ? 0 : (width - below.width) / span;
  return below.milliseconds + share * (above.milliseconds - below.milliseconds);
}

function sized<Found extends Pick<Point, 'network'>>(found: Found): Found & Pick<Told, 'width'> {
  return { ...found, width: found.network.width };
}

function byWidth(a: Told, b: Told): number {
  return a.width - b.width;
}

function pointsOfStage(stage: Stage | undefined): readonly Point[] {
  return stage ? [{ network: stage.network, ...stage.figures }] : [];
}

export function lineThrough(points: readonly Told[]): Line {
  return new Map(points.map(({ width, testAccuracy }) => [width, testAccuracy]));
}

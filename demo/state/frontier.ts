import type { Figures, Performance, TwoLayerParameters } from '../../src/index.js';
import { flopsPerExample, parameterCount } from '../../src/models/two-layer.js';
import type { AnswerTime } from './played.js';
import type { Checkpoint, Stage } from './session.js';

/** A subnetwork of one size. */
export interface Point extends Performance {
  readonly network: TwoLayerParameters;
  /** Picks that it takes, where it is one of the selection's sizes. */
  readonly picks?: number | undefined;
}

/** Test accuracy by number of neurons; `null` where nothing was trained at that size. */
export type Line = ReadonlyMap<number, number>;

/** All sizes of one selection, and what they are compared with after the same steps. */
export interface Frontier {
  /** Ascending by width. Never empty. */
  readonly points: readonly Point[];
  /** The same, weighted as picked; absent where `points` are that, or are trained further. */
  readonly asPicked?: Line;
  readonly fromScratch: Line;
  readonly dense: Figures;
  /** The dense network after the steps of fine-tuning. */
  readonly denseTuned: Figures | undefined;
  /** The dense network with its output weights refitted, as those of the sizes are. */
  readonly denseRefitted: Performance | undefined;
  /** The dense network that has had as many steps as the points have. */
  readonly yardstick: Figures;
  /** The smallest point within `MARGIN` of the yardstick. */
  readonly smallest: Point | undefined;
}

/** What counts as the same accuracy: a point of a hundred. */
export const MARGIN = 0.01;

/**
 * The sizes at a checkpoint.
 *
 * @param tuned with the steps of fine-tuning, where networks were trained by them.
 */
export function frontierAt(checkpoint: Checkpoint, tuned: boolean): Frontier | undefined {
  const { bySize: sizes, dense, denseFineTuned, fromScratch, fineTuned, trained = [] } = checkpoint;
  if (!sizes) return undefined;
  const tunes = tuned && denseFineTuned !== undefined;
  const ofWay = (way: 'fine-tuned' | 'from-scratch' | 'from-scratch-tuned') =>
    trained.filter((found) => found.way === way);
  const points: readonly Point[] = tunes
    ? [...ofWay('fine-tuned'), ...pointsOfStage(fineTuned)].toSorted(byWidth)
    : (sizes.refitted ?? sizes.picked);
  // Where there is no fine-tuning, the run's own one from scratch has had the same steps.
  const own = tunes || !fineTuned ? pointsOfStage(fromScratch) : [];
  const others = [...ofWay(tunes ? 'from-scratch-tuned' : 'from-scratch'), ...own];
  const yardstick = tunes ? denseFineTuned.figures : dense.figures;
  const least = yardstick.testAccuracy - MARGIN;
  return {
    points,
    ...(!tunes && sizes.refitted && { asPicked: lineThrough(sizes.picked) }),
    fromScratch: lineThrough(others),
    dense: dense.figures,
    denseTuned: denseFineTuned?.figures,
    denseRefitted: tunes ? undefined : sizes.denseRefitted,
    yardstick,
    smallest: points.find(({ testAccuracy }) => testAccuracy >= least),
  };
}

/** The point of a width, or the next smaller one; without a width, that of the headline. */
export function pointAt(
  { points, smallest }: Pick<Frontier, 'points' | 'smallest'>,
  width: number | undefined,
): Point | undefined {
  if (width === undefined) return smallest ?? points.at(-1);
  return points.findLast(({ network }) => network.width <= width) ?? points[0];
}

/** The subnetwork of a width, as selected and as fine-tuned, so far as there is one of that width. */
export function pointsAt(
  { bySize: sizes, fineTuned, trained = [] }: Checkpoint,
  width: number | undefined,
): { readonly subnetwork?: Point | undefined; readonly fineTuned?: Point | undefined } {
  const ofWidth = (points: readonly Point[]) =>
    points.find(({ network }) => network.width === width);
  const tuned = trained.filter(({ way }) => way === 'fine-tuned');
  return {
    subnetwork: ofWidth(sizes?.refitted ?? sizes?.picked ?? []),
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

function byWidth(a: Point, b: Point): number {
  return a.network.width - b.network.width;
}

function pointsOfStage(stage: Stage | undefined): readonly Point[] {
  return stage ? [{ network: stage.network, ...stage.figures }] : [];
}

function lineThrough(points: readonly Point[]): Line {
  return new Map(points.map(({ network, testAccuracy }) => [network.width, testAccuracy]));
}

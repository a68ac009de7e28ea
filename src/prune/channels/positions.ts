import type { Extent, Window } from '../../kernels/window.js';
import { randomStream } from '../../random.js';
import { gramProducts } from './patch-gram.js';

/** Output positions of a window that stand for all: each `step`-th row and column, from `from` on. */
export interface PositionSample {
  readonly from: readonly [number, number];
  readonly step: number;
}

/** How many of a consumer's output positions its sums are taken over, and why. */
export interface PositionPlan {
  /** None where all positions are taken. */
  readonly sample: PositionSample | undefined;
  /** There are no more positions than asked for, a sample is cheaper than all, or it would be dearer. */
  readonly reason: 'few' | 'cheaper' | 'dearer';
  /** Of a picture: how many are taken, and how many there are. */
  readonly taken: number;
  readonly positions: number;
  /** Multiply-adds of Q a pair of channels and picture: of all positions, and of those that would be taken. */
  readonly cost: { readonly all: number; readonly sampled: number };
}

export interface PositionRequest {
  /** How many positions of a picture are taken at most. */
  readonly most: number;
  readonly seed: number;
  /** What the draw is for: each purpose has its own. */
  readonly purpose: string;
}

/**
 * Decides whether a consumer's sums are taken over a sample of its output positions: where there are
 * more than are asked for, and where that takes fewer multiply-adds. It need not: 3 × 3 taps in steps of
 * 1 share products between neighbours, 15 a position, which positions that lie apart do not: 81.
 *
 * The sample is systematic: a grid whose offset is drawn by the seed, the same for all pictures.
 */
export function planPositions(
  window: Window,
  { height, width }: Extent,
  { most, seed, purpose }: PositionRequest,
): PositionPlan {
  const positions = height * width;
  let step = 1;
  while (Math.ceil(height / step) * Math.ceil(width / step) > most) step += 1;
  const stream = randomStream(seed, `positions ${purpose}`);
  const from = [stream.below(Math.min(step, height)), stream.below(Math.min(step, width))] as const;
  const sample = { from, step };
  const extent = extentOfSample({ height, width }, sample);
  const taken = extent.height * extent.width;
  const apart = window.stride.map((stride) => stride * step) as [number, number];
  const cost = {
    all: positions * gramProducts(window),
    sampled: taken * gramProducts({ ...window, stride: apart }),
  };
  if (step === 1) return { sample: undefined, reason: 'few', taken, positions, cost };
  return cost.sampled < cost.all
    ? { sample, reason: 'cheaper', taken, positions, cost }
    : { sample: undefined, reason: 'dearer', taken: positions, positions, cost };
}

/** Rows and columns of the positions that a sample takes. */
export function extentOfSample({ height, width }: Extent, { from, step }: PositionSample): Extent {
  return {
    height: Math.ceil((height - from[0]) / step),
    width: Math.ceil((width - from[1]) / step),
  };
}

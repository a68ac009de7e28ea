import type { MapShape } from '../graph/graph.js';

/** What an architecture leaves open. */
export interface BuildOptions {
  /** One image. */
  readonly input: MapShape;
  readonly classes: number;
  /** Factor on the channels of every layer. Images and classes keep theirs. */
  readonly width: number;
}

/** Channels of a layer in a network of this width. */
export function widened(channels: number, width: number): number {
  return Math.max(1, Math.round(channels * width));
}

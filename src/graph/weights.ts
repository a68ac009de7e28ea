import type { Graph } from './graph.js';

/** A tensor of numbers, row-major; the product of `shape` is data.length. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A network's parameters by name, named and shaped as PyTorch names and shapes them. */
export type Weights = ReadonlyMap<string, Weight>;

/** A graph with its parameters: all that its answers depend on. */
export interface Network {
  readonly graph: Graph;
  readonly weights: Weights;
}

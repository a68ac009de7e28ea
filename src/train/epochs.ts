import { distinctDraws, randomStream } from '../random.js';

/** Minibatches of an epoch: each image once, in an order of the epoch's own. */
export interface EpochPlan {
  /** Images of the dataset. */
  readonly examples: number;
  /** Images of a minibatch. What is left at the end of an epoch makes a smaller one. */
  readonly batch: number;
  readonly seed: number;
}

export function stepsOfEpoch({ examples, batch }: Pick<EpochPlan, 'examples' | 'batch'>): number {
  return Math.ceil(examples / batch);
}

/** The order of an epoch's images, which depends on seed and epoch alone. */
export function orderOfEpoch(
  { examples, seed }: EpochPlan,
  epoch: number,
): Uint32Array<ArrayBuffer> {
  return distinctDraws(randomStream(seed, `epoch ${epoch}`), examples)(examples);
}

import type { CompareInput, ImageSource, TwoLayerParameters } from '../../src/index.js';

/** What is compared: the network from Play or, before there is one, a network that is trained first. */
export interface Subject extends Omit<CompareInput, 'examples'> {
  /** Undefined until they have come, and where those of an earlier visit are not at hand. */
  readonly images: ImageSource | undefined;
  /** Of Play's run; undefined where the network has yet to be trained. */
  readonly network: TwoLayerParameters | undefined;
  /** How many steps of training the network has behind it when it is pruned. */
  readonly iteration: number;
}

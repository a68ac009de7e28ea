import { distinctDraws, randomStream } from '../../random.js';

/** `random`: the seed's own order, every neuron as likely as any other. */
export function rankRandomly(width: number, seed: number): Uint32Array {
  return distinctDraws(randomStream(seed, 'random selection'), width)(width);
}

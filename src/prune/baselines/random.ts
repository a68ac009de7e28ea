import { randomStream } from '../../random.js';

/** `random`: the seed's own order, every neuron as likely as any other. */
export function rankRandomly(neurons: number, seed: number): Uint32Array {
  const stream = randomStream(seed, 'random selection');
  const order = Uint32Array.from({ length: neurons }, (_, neuron) => neuron);
  for (let place = 0; place < neurons; place++) {
    const other = place + stream.below(neurons - place);
    [order[place], order[other]] = [order[other] ?? 0, order[place] ?? 0];
  }
  return order;
}

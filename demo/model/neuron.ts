import { activate, type Images, networkInputs, type TwoLayerParameters } from '../../src/index.js';
import { answerFromOutputs } from './answer.js';

/** What a network's neurons say to images: σ(a_i · x_j) [count × N]. */
export function sayings(
  { width, inputs: d, activation, hidden }: TwoLayerParameters,
  images: Images,
  indices: Uint32Array,
): Float32Array {
  const x = networkInputs(images, indices);
  const said = new Float32Array(indices.length * width);
  for (let j = 0; j < indices.length; j++) {
    for (let i = 0; i < width; i++) {
      let dot = 0;
      for (let at = 0; at < d; at++) dot += (hidden[i * d + at] ?? 0) * (x[j * d + at] ?? 0);
      said[j * width + i] = activate(activation, dot);
    }
  }
  return said;
}

/** The network of one neuron of another. */
function neuronAlone(network: TwoLayerParameters, neuron: number): TwoLayerParameters {
  const { inputs: d, outputs: c, hidden, output } = network;
  return {
    ...network,
    width: 1,
    hidden: hidden.subarray(neuron * d, (neuron + 1) * d),
    output: output.subarray(neuron * c, (neuron + 1) * c),
  };
}

/** The image to which a neuron says most, in either direction, and what it says. */
export function loudest(
  network: TwoLayerParameters,
  neuron: number,
  { images, indices }: { readonly images: Images; readonly indices: Uint32Array },
): { readonly index: number; readonly said: number } {
  const said = sayings(neuronAlone(network, neuron), images, indices);
  const place = said.reduce(
    (best, value, at) => (Math.abs(value) > Math.abs(said[best] ?? 0) ? at : best),
    0,
  );
  return { index: indices[place] ?? 0, said: said[place] ?? 0 };
}

/** Images that a network was tried on: what its neurons say to each, and the classes. */
export interface Tried {
  /** [count × N]. */
  readonly said: Float32Array;
  readonly classes: readonly number[];
}

/** How many answers are right with a neuron and without it, and which class loses most. */
export function withoutNeuron(network: TwoLayerParameters, neuron: number, tried: Tried) {
  const before = rightAnswers(network, tried);
  const after = rightAnswers(network, tried, neuron);
  const lost = [...before].map(([answer, count]) => ({
    answer,
    lost: count - (after.get(answer) ?? 0),
  }));
  const sum = (counts: ReadonlyMap<number, number>) =>
    [...counts.values()].reduce((total, count) => total + count, 0);
  return {
    before: sum(before),
    after: sum(after),
    all: tried.classes.length,
    worst: lost.toSorted((a, b) => b.lost - a.lost)[0],
  };
}

/** How many images of each class are answered rightly, with one of the neurons left out. */
function rightAnswers(
  { width, outputs: c, output }: TwoLayerParameters,
  { said, classes }: Tried,
  without?: number,
): ReadonlyMap<number, number> {
  const right = new Map<number, number>();
  const sums = new Array<number>(c);
  for (const [j, wanted] of classes.entries()) {
    sums.fill(0);
    for (let i = 0; i < width; i++) {
      if (i === without) continue;
      const h = (said[j * width + i] ?? 0) / width;
      for (let o = 0; o < c; o++) sums[o] = (sums[o] ?? 0) + (output[i * c + o] ?? 0) * h;
    }
    if (answerFromOutputs(sums) === wanted) right.set(wanted, (right.get(wanted) ?? 0) + 1);
  }
  return right;
}

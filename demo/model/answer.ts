import {
  activate,
  type Images,
  networkInputs,
  type Task,
  type TwoLayerParameters,
} from '../../src/index.js';

/** f(x) = (1/N) Σ_i b_i σ(a_i · x) [C] for one input x [d], computed on the processor. */
export function outputsAt(network: TwoLayerParameters, x: Float32Array): readonly number[] {
  const { width, inputs: d, outputs: c, activation, hidden, output } = network;
  const sums = new Array<number>(c).fill(0);
  for (let neuron = 0; neuron < width; neuron++) {
    let dot = 0;
    for (let i = 0; i < d; i++) dot += (hidden[neuron * d + i] ?? 0) * (x[i] ?? 0);
    const h = activate(activation, dot);
    for (let column = 0; column < c; column++) {
      sums[column] = (sums[column] ?? 0) + (output[neuron * c + column] ?? 0) * h;
    }
  }
  return sums.map((sum) => sum / width);
}

/** The preprocessed input of one image. */
export function inputAt(images: Images, index: number): Float32Array {
  return networkInputs(images, Uint32Array.of(index));
}

/**
 * The class that a network's outputs mean, by the rule that accuracy uses: the largest output, of
 * equal ones the first. A single output means class 1 from 0.5 on.
 */
export function answerFromOutputs(outputs: readonly number[]): number {
  if (outputs.length === 1) return Number((outputs[0] ?? 0) >= 0.5);
  return outputs.indexOf(Math.max(...outputs));
}

const WORDS = { 'below-five': ['5–9', '0–4'], parity: ['odd', 'even'] } as const;

export function spell(task: Task, answer: number): string {
  return task === 'digits' ? String(answer) : (WORDS[task][answer] ?? '?');
}

import type { Weight } from '../../graph/weights.js';
import type { Numbers } from './tensors.js';

/** How a parameter of the graph lies in a tensor of the file. */
export type TensorForm =
  /** As it is: filters of convolutions, and what batch norms have. */
  | { readonly kind: 'same' }
  /**
   * A linear layer's weight [outputs, inputs], or turned around. What it reads may be a map flattened
   * with its channels last; of so many positions then, otherwise 1.
   */
  | { readonly kind: 'matrix'; readonly transposed: boolean; readonly positions: number }
  | ChannelForm;

/** How one number a channel lies in a tensor. */
export type ChannelForm = (
  | /** Along one axis; the other sizes are 1. */
  { readonly kind: 'vector'; readonly rank: number; readonly axis: number }
  /** One number for all channels, behind whose axis a map has so many others. */
  | { readonly kind: 'scalar'; readonly dims: readonly number[]; readonly trailing: number }
) & {
  /** What is done with each number, and undone the same way. */
  readonly turned?: Turn;
};

/** −x, as what is subtracted is added; 1 / x, as what divides multiplies. */
export type Turn = 'negated' | 'reciprocal';

/** The parameter in a tensor's numbers. */
export function parameterOfTensor(
  form: TensorForm,
  numbers: Numbers,
  shape: readonly number[],
): Float32Array {
  if (form.kind === 'scalar') {
    const [value] = turned(form, numbers);
    return new Float32Array(shape[0] ?? 1).fill(value as number);
  }
  if (form.kind === 'vector') return turned(form, numbers);
  if (form.kind === 'same') return Float32Array.from(numbers);
  const data = new Float32Array(numbers.length);
  places(form, shape, (at, place) => {
    data[at] = numbers[place] as number;
  });
  return data;
}

/** The tensor's sizes and numbers that a parameter has there. */
export function tensorOfParameter(
  form: TensorForm,
  { shape, data }: Weight,
): { readonly dims: readonly number[]; readonly numbers: Float32Array } {
  switch (form.kind) {
    case 'same':
      return { dims: shape, numbers: data };
    case 'vector':
      return {
        dims: Array.from({ length: form.rank }, (_, axis) =>
          axis === form.axis ? data.length : 1,
        ),
        numbers: turned(form, data),
      };
    case 'scalar': {
      const same = data.every((value) => value === data[0]);
      if (same) return { dims: form.dims, numbers: turned(form, data.slice(0, 1)) };
      const others = Array.from({ length: form.trailing }, () => 1);
      return { dims: [data.length, ...others], numbers: turned(form, data) };
    }
    case 'matrix': {
      const numbers = new Float32Array(data.length);
      places(form, shape, (at, place) => {
        numbers[place] = data[at] as number;
      });
      return { dims: form.transposed ? shape.toReversed() : shape, numbers };
    }
  }
}

function turned(form: ChannelForm, numbers: Numbers): Float32Array {
  if (form.turned === 'negated') return Float32Array.from(numbers, (value) => -value);
  if (form.turned === 'reciprocal') return Float32Array.from(numbers, (value) => 1 / value);
  return Float32Array.from(numbers);
}

/** Tells for each number of a parameter [outputs, inputs] which of the tensor's it is. */
function places(
  { transposed, positions }: Extract<TensorForm, { readonly kind: 'matrix' }>,
  [outputs = 0, inputs = 0]: readonly number[],
  tell: (at: number, place: number) => void,
): void {
  const channels = inputs / positions;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const input = (i % positions) * channels + Math.floor(i / positions);
      tell(o * inputs + i, transposed ? input * outputs + o : o * inputs + input);
    }
  }
}

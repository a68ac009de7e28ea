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
  /** A vector along one axis of a tensor whose other sizes are 1. */
  | { readonly kind: 'vector'; readonly rank: number; readonly axis: number }
  /** One number for all channels, behind whose axis a map has so many others. */
  | { readonly kind: 'scalar'; readonly dims: readonly number[]; readonly trailing: number };

/** The parameter in a tensor's numbers. */
export function parameterOfTensor(
  form: TensorForm,
  numbers: Numbers,
  shape: readonly number[],
): Float32Array {
  if (form.kind === 'scalar') return new Float32Array(shape[0] ?? 1).fill(numbers[0] as number);
  if (form.kind !== 'matrix') return Float32Array.from(numbers);
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
        numbers: data,
      };
    case 'scalar': {
      const same = data.every((value) => value === data[0]);
      if (same) return { dims: form.dims, numbers: data.slice(0, 1) };
      const others = Array.from({ length: form.trailing }, () => 1);
      return { dims: [data.length, ...others], numbers: data };
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

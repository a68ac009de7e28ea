import type { ChannelStatistics } from '../../../src/prune/channels/statistics.js';
import { RIDGE } from '../../../src/prune/channels/statistics.js';
import { randomStream } from '../../../src/random.js';

/** Patches and targets from which statistics are summed by their definition. */
export interface Layer extends ChannelStatistics {
  /** P [M × gC], channel by channel. */
  readonly patches: Float64Array;
  /** Y [M × O]. */
  readonly targets: Float64Array;
}

export interface LayerShape {
  readonly channels: number;
  readonly taps: number;
  readonly outputs: number;
  readonly positions: number;
  readonly seed: number;
  /** Channels that never answer. */
  readonly dead?: readonly number[];
  /** Pairs of channels of which the second repeats the first. */
  readonly twins?: readonly (readonly [number, number])[];
}

/** A layer of correlated channels, some of which the targets need more than others. */
export function randomLayer(shape: LayerShape): Layer {
  const { channels, taps, outputs, positions, seed, dead = [], twins = [] } = shape;
  const stream = randomStream(seed, 'channel layer');
  const rows = channels * taps;
  const shared = new Float64Array(positions).map(() => stream.normal());
  const patches = new Float64Array(positions * rows);
  for (let j = 0; j < positions; j++) {
    for (let row = 0; row < rows; row++) {
      patches[j * rows + row] = Math.max(0, stream.normal() + 0.7 * (shared[j] as number));
    }
    for (const channel of dead)
      patches.fill(0, j * rows + channel * taps, j * rows + (channel + 1) * taps);
    for (const [first, second] of twins) {
      const own = patches.subarray(j * rows + first * taps, j * rows + (first + 1) * taps);
      patches.set(own, j * rows + second * taps);
    }
  }
  const weights = new Float64Array(rows * outputs).map(
    (_, at) => stream.normal() / (1 + (Math.floor(at / (taps * outputs)) % 5)),
  );
  const targets = new Float64Array(positions * outputs);
  for (let j = 0; j < positions; j++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0.1 * stream.normal();
      for (let row = 0; row < rows; row++) {
        sum += (patches[j * rows + row] as number) * (weights[row * outputs + o] as number);
      }
      targets[j * outputs + o] = sum;
    }
  }
  return {
    channels,
    taps,
    outputs,
    positions,
    patches,
    targets,
    gram: crossProduct(patches, rows, patches, rows),
    correlation: crossProduct(patches, rows, targets, outputs),
    energy: targets.reduce((sum, value) => sum + value * value, 0),
  };
}

/** Z_i [M · O] of each channel, from the patches. */
export function contributed(
  { channels, taps, outputs, positions, patches }: Layer,
  weights: Float64Array,
) {
  const rows = channels * taps;
  return Array.from({ length: channels }, (_, channel) =>
    Float64Array.from({ length: positions * outputs }, (_, at) => {
      const [j, o] = [Math.floor(at / outputs), at % outputs];
      let sum = 0;
      for (let row = channel * taps; row < (channel + 1) * taps; row++) {
        sum += (patches[j * rows + row] ?? 0) * (weights[row * outputs + o] ?? 0);
      }
      return sum;
    }),
  );
}

/** Aᵀ B for A [M × a] and B [M × b]. */
function crossProduct(a: Float64Array, columnsA: number, b: Float64Array, columnsB: number) {
  const out = new Float64Array(columnsA * columnsB);
  for (let j = 0; j < a.length / columnsA; j++) {
    for (let i = 0; i < columnsA; i++) {
      const value = a[j * columnsA + i] as number;
      for (let k = 0; k < columnsB; k++) {
        out[i * columnsB + k] =
          (out[i * columnsB + k] as number) + value * (b[j * columnsB + k] as number);
      }
    }
  }
  return out;
}

/** Solves A X = B [n × columns] by elimination with pivoting: another way than the library's. */
export function solve(a: Float64Array, n: number, b: Float64Array, columns: number): Float64Array {
  const left = Float64Array.from(a);
  const right = Float64Array.from(b);
  for (let pivot = 0; pivot < n; pivot++) {
    let largest = pivot;
    for (let row = pivot; row < n; row++) {
      if (
        Math.abs(left[row * n + pivot] as number) > Math.abs(left[largest * n + pivot] as number)
      ) {
        largest = row;
      }
    }
    swapRows(left, n, pivot, largest);
    swapRows(right, columns, pivot, largest);
    for (let row = 0; row < n; row++) {
      if (row === pivot) continue;
      const factor = (left[row * n + pivot] as number) / (left[pivot * n + pivot] as number);
      for (let k = pivot; k < n; k++) {
        left[row * n + k] =
          (left[row * n + k] as number) - factor * (left[pivot * n + k] as number);
      }
      for (let c = 0; c < columns; c++) {
        right[row * columns + c] =
          (right[row * columns + c] as number) - factor * (right[pivot * columns + c] as number);
      }
    }
  }
  return right.map((value, at) => {
    const row = Math.floor(at / columns);
    return value / (left[row * n + row] as number);
  });
}

function swapRows(matrix: Float64Array, columns: number, one: number, other: number): void {
  for (let c = 0; c < columns; c++) {
    const held = matrix[one * columns + c] as number;
    matrix[one * columns + c] = matrix[other * columns + c] as number;
    matrix[other * columns + c] = held;
  }
}

/** W_S and ‖Y − P_S W_S‖² + λ‖W_S‖² from the patches themselves. */
export function bruteRefit(layer: Layer, kept: readonly number[]) {
  const { taps, outputs, positions, patches, targets, channels, gram } = layer;
  const rows = channels * taps;
  const columns = kept.flatMap((channel) =>
    Array.from({ length: taps }, (_, t) => channel * taps + t),
  );
  const own = new Float64Array(positions * columns.length);
  for (let j = 0; j < positions; j++) {
    columns.forEach((column, i) => {
      own[j * columns.length + i] = patches[j * rows + column] as number;
    });
  }
  const n = columns.length;
  let trace = 0;
  for (let row = 0; row < rows; row++) trace += gram[row * rows + row] as number;
  const ridge = (RIDGE * trace) / rows;
  const square = crossProduct(own, n, own, n);
  for (let i = 0; i < n; i++) square[i * n + i] = (square[i * n + i] as number) + ridge;
  const weights = solve(square, n, crossProduct(own, n, targets, outputs), outputs);
  let loss = weights.reduce((sum, value) => sum + ridge * value * value, 0);
  for (let j = 0; j < positions; j++) {
    for (let o = 0; o < outputs; o++) {
      let rest = targets[j * outputs + o] as number;
      for (let i = 0; i < n; i++)
        rest -= (own[j * n + i] as number) * (weights[i * outputs + o] as number);
      loss += rest * rest;
    }
  }
  return { weights, loss };
}

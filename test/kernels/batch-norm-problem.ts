import type { MapActivation } from '../../shaders/activations.js';
import type { RowWalkVariant } from '../../src/kernels/row-walk.js';
import { type BatchNormChannel, batchNormReference } from '../../src/reference/batch-norm.js';
import { randomNumbers } from './case.js';
import type { Memory } from './memory.js';

export interface BatchNormSpec {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly activation?: MapActivation;
  readonly residual?: boolean;
  /** Images of the call. */
  readonly called?: number;
  /** The input's mean. */
  readonly mean?: number;
}

/** Every activation, with a residual and without; narrow, odd, and more rows than a slice has. */
export const BATCH_NORM_SPECS: readonly BatchNormSpec[] = [
  { shape: [1, 1, 1, 1] },
  { shape: [2, 5, 3, 7], activation: 'relu' },
  { shape: [3, 11, 13, 16], activation: 'relu', residual: true, called: 2 },
  { shape: [2, 9, 31, 5], activation: 'relu6', residual: true },
  { shape: [1, 17, 19, 13], activation: 'relu6', mean: 100 },
  { shape: [2, 7, 3, 66], activation: 'hard-swish' },
  { shape: [5, 3, 2, 8], activation: 'sigmoid', called: 3 },
  { shape: [3, 3, 3, 3], activation: 'hard-sigmoid', residual: true },
  { shape: [2, 3, 5, 9], residual: true },
];

export function nameOfBatchNorm(kernel: string, spec: BatchNormSpec, variant: RowWalkVariant) {
  const { shape, activation = 'none', residual, called, mean } = spec;
  return `${kernel} ${variant} ${shape.join(' × ')} ${activation}${residual ? ', residual' : ''}${called ? `, ${called} images` : ''}${mean ? `, about ${mean}` : ''}`;
}

/** A batch norm's numbers: of all images where they go to the GPU, of the call's for the oracle. */
export function batchNormProblem(
  { shape, activation = 'none', residual = false, called = shape[0], mean = 0.5 }: BatchNormSpec,
  memory: Memory,
) {
  const [count, height, width, columns] = shape;
  const size = count * height * width * columns;
  const seen = (data: Float32Array) => data.subarray(0, called * height * width * columns);
  const input = randomNumbers(size, 1).map((x) => mean + 2 * x);
  const added = randomNumbers(size, 2);
  const gradient = randomNumbers(size, 3);
  const statistics = Float32Array.of(
    ...randomNumbers(columns, 4).map((x) => mean + 0.1 * x),
    ...randomNumbers(columns, 5).map((x) => 4 + x * x),
  );
  const affine = randomNumbers(2 * columns, 6);
  const epsilon = Math.fround(1e-5);
  const channels = Array.from({ length: columns }, (_, c): BatchNormChannel => {
    const [mean = Number.NaN, weight = Number.NaN] = [statistics[c], affine[c]];
    const [variance = Number.NaN, bias = Number.NaN] = [
      statistics[columns + c],
      affine[columns + c],
    ];
    return { mean, variance, weight, bias, epsilon };
  });
  const problem = {
    channels,
    input: seen(input),
    residual: residual ? seen(added) : undefined,
    activation,
  };
  const output = new Float32Array(size);
  output.set(batchNormReference(problem).value);
  const extent = { images: count, height, width, channels: columns };
  return {
    problem,
    called,
    columns,
    epsilon,
    activation,
    /** Without data, to be written. */
    map: (data?: Float32Array) => memory.map(extent, data),
    maps: { input, added, gradient, output },
    statistics: memory.weights(2, columns, statistics),
    affine: memory.weights(2, columns, affine),
    seen,
  };
}

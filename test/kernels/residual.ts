import type { ResidualForm } from '../../shaders/residual.wgsl.js';
import { Batch } from '../../src/gpu/batch.js';
import type { StorageFormat } from '../../src/gpu/matrix.js';
import { prepareResidual } from '../../src/kernels/residual.js';
import { elementsOf } from '../../src/reference/element.js';
import { residualReference } from '../../src/reference/residual.js';
import { type KernelCase, randomNumbers, requireWithin, stored } from './case.js';
import { memoryCase, valuesOf } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  /** Rows of the targets when they are gathered by index. */
  readonly gatherFrom?: number;
  readonly first?: number;
  readonly form?: ResidualForm;
  /** Factor on the weights: logits of a softmax that is nearly one-hot, or, with 0, uniform. */
  readonly spread?: number;
  readonly storage?: StorageFormat;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1] },
  { shape: [7, 33, 1], first: 3 },
  { shape: [5, 131, 2], gatherFrom: 3, first: 2 },
  { shape: [13, 32, 3], gatherFrom: 29, first: 4 },
  { shape: [3, 257, 10], first: 1 },
  { shape: [67, 31, 10], gatherFrom: 70 },
  // More outputs than threads share a row, and more rows than one dimension of the grid holds.
  { shape: [2, 5, 33] },
  { shape: [65_539, 1, 1], first: 2 },
  { shape: [1, 1, 1], form: 'outputs' },
  { shape: [37, 131, 2], form: 'outputs', first: 1 },
  { shape: [5, 33, 10], form: 'outputs', gatherFrom: 9 },
  { shape: [3, 7, 1], form: 'softmax-difference' },
  { shape: [13, 67, 2], form: 'softmax-difference', first: 3 },
  { shape: [29, 1, 3], form: 'softmax-difference', gatherFrom: 31, first: 2, spread: 80 },
  { shape: [67, 31, 10], form: 'softmax-difference', first: 1, spread: 200 },
  { shape: [7, 5, 10], form: 'softmax-difference', spread: 0 },
  { shape: [2, 5, 33], form: 'softmax-difference', spread: 9 },
  { shape: [5, 131, 2], gatherFrom: 3, first: 2, storage: 'f16' },
  { shape: [7, 33, 10], form: 'softmax-difference', first: 1, storage: 'f16' },
];

/** Rows behind the batch, which must stay as they are. */
const SPARE = 2;

/** With the threads of a software adapter, and of hardware. */
export const residualCases: readonly KernelCase[] = [4, 32].flatMap((threads) =>
  SPECS.map((spec) => residualCase(spec, threads)),
);

function residualCase(spec: Spec, threads: number): KernelCase {
  const { shape, gatherFrom, first = 0, form = 'difference', spread = 1, storage } = spec;
  const [m, n, outputs] = shape;
  const name = `residual ${storage ?? 'f32'} ${form} ${shape.join(' × ')}${gatherFrom ? ' gathered' : ''} from ${first}, weights ${spread}, ${threads} threads`;
  return memoryCase(name, async (device, memory) => {
    const examples = gatherFrom ?? first + m;
    const index = Uint32Array.from({ length: first + m }, (_, row) => (row * 7 + 3) % examples);
    const activations = stored(randomNumbers(m * n, 1), storage);
    const weights = randomNumbers(n * outputs, 2).map((x) => x * spread);
    const targets = randomNumbers(examples * outputs, 3);
    const residual = memory.matrix(m + SPARE, outputs);
    const run = await prepareResidual(device, {
      activations: memory.matrix(m, n, activations, storage),
      weights: memory.matrix(n, outputs, weights),
      targets: memory.matrix(examples, outputs, targets),
      residual,
      form,
      threads,
      rows: gatherFrom ? memory.buffer(index) : undefined,
    });
    const batch = new Batch(device);
    run(batch, { m, first });
    await batch.finish();
    const target = elementsOf(targets, outputs);
    const { value, bound } = residualReference({
      m,
      n,
      outputs,
      form,
      activations: elementsOf(activations, n),
      weights: elementsOf(weights, outputs),
      targets: (j, c) => target(gatherFrom ? (index[first + j] ?? Number.NaN) : first + j, c),
    });
    const actual = await valuesOf(residual);
    requireWithin(actual.subarray(0, m * outputs), { value, bound });
    if (!actual.subarray(m * outputs).every(Number.isNaN)) {
      throw new Error(`rows past ${m} were written`);
    }
  });
}

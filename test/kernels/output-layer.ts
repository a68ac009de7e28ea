import { requireWithin } from '../../bench/check.js';
import type { OutputLayerEpilogue } from '../../shaders/output-layer.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import type { StorageFormat } from '../../src/half.js';
import { prepareOutputLayer } from '../../src/kernels/output-layer.js';
import { rowMajor } from '../../src/reference/element.js';
import { outputLayerReference } from '../../src/reference/output-layer.js';
import { type KernelCase, randomNumbers, stored } from './case.js';
import { memoryCase, readOwnValues } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, n: number, outputs: number];
  /** Rows of the targets when they are gathered by index. */
  readonly gatherFrom?: number;
  readonly first?: number;
  readonly epilogue?: OutputLayerEpilogue;
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
  { shape: [1, 1, 1], epilogue: 'store' },
  { shape: [37, 131, 2], epilogue: 'store', first: 1 },
  { shape: [5, 33, 10], epilogue: 'store', gatherFrom: 9 },
  { shape: [3, 7, 1], epilogue: 'softmax-subtract-targets' },
  { shape: [13, 67, 2], epilogue: 'softmax-subtract-targets', first: 3 },
  { shape: [29, 1, 3], epilogue: 'softmax-subtract-targets', gatherFrom: 31, first: 2, spread: 80 },
  { shape: [67, 31, 10], epilogue: 'softmax-subtract-targets', first: 1, spread: 200 },
  { shape: [7, 5, 10], epilogue: 'softmax-subtract-targets', spread: 0 },
  { shape: [2, 5, 33], epilogue: 'softmax-subtract-targets', spread: 9 },
  { shape: [5, 131, 2], gatherFrom: 3, first: 2, storage: 'f16' },
  { shape: [7, 33, 10], epilogue: 'softmax-subtract-targets', first: 1, storage: 'f16' },
];

/** Rows behind the minibatch, which must stay as they are. */
const SPARE = 2;

/** With the threads of a software adapter, and of hardware. */
export const outputLayerCases: readonly KernelCase[] = [4, 32].flatMap((threads) =>
  SPECS.map((spec) => outputLayerCase(spec, threads)),
);

function outputLayerCase(spec: Spec, threads: number): KernelCase {
  const { shape, gatherFrom, first = 0, epilogue = 'subtract-targets', spread = 1, storage } = spec;
  const [m, n, outputs] = shape;
  const name = `output-layer ${storage ?? 'f32'} ${epilogue} ${shape.join(' × ')}${gatherFrom ? ' gathered' : ''} from ${first}, weights ${spread}, ${threads} threads`;
  return memoryCase(name, async (device, memory) => {
    const examples = gatherFrom ?? first + m;
    const index = Uint32Array.from({ length: first + m }, (_, row) => (row * 7 + 3) % examples);
    const activations = stored(randomNumbers(m * n, 1), storage);
    const weights = randomNumbers(n * outputs, 2).map((x) => x * spread);
    const targets = randomNumbers(examples * outputs, 3);
    const out = memory.matrix(m + SPARE, outputs);
    const run = await prepareOutputLayer(device, {
      activations: memory.matrix(m, n, activations, storage),
      weights: memory.matrix(n, outputs, weights),
      targets: memory.matrix(examples, outputs, targets),
      out,
      epilogue,
      threads,
      indices: gatherFrom ? memory.buffer(index) : undefined,
    });
    const commands = new Commands(device);
    run(commands, { m, first });
    await commands.finish();
    const target = rowMajor(targets, outputs);
    const { value, bound } = outputLayerReference({
      m,
      n,
      outputs,
      epilogue,
      activations: rowMajor(activations, n),
      weights: rowMajor(weights, outputs),
      targets: (j, c) => target(gatherFrom ? (index[first + j] ?? Number.NaN) : first + j, c),
    });
    const actual = await readOwnValues(out);
    requireWithin(actual.subarray(0, m * outputs), { value, bound });
    if (!actual.subarray(m * outputs).every(Number.isNaN)) {
      throw new Error(`rows past ${m} were written`);
    }
  });
}

import type { LossKind } from '../../shaders/point-loss.js';
import { uploadMatrix } from '../../src/gpu/matrix.js';
import type { Scope } from '../../src/gpu/scope.js';
import type { StorageFormat } from '../../src/half.js';
import { type Activations, residentActivations } from '../../src/prune/activations.js';
import type { SelectionProblem } from '../../src/prune/problem.js';
import { randomStream } from '../../src/random.js';
import { gradientStepReference } from '../../src/reference/gradient-step.js';
import type { ReferenceProblem } from '../../src/reference/selection.js';

export interface Shape {
  /** m. */
  readonly examples: number;
  /** N. */
  readonly width: number;
  /** C. */
  readonly outputs: number;
}

/** Activations, output weights and targets on the CPU, row-major. */
export interface Sample extends Shape {
  /** H [m × N]. */
  readonly h: Float32Array;
  /** B [N × C]. */
  readonly b: Float32Array;
  /** Y [m × C]. */
  readonly y: Float32Array;
}

/** d, the constant input included. */
const INPUTS = 7;

/**
 * A tanh network on points with noisy labels, after `steps` steps of gradient descent in float64: 0
 * leaves it as drawn, a hundred make its neurons' outputs correlated.
 */
export function drawSample({ examples: m, width: n, outputs }: Shape, steps: number): Sample {
  const stream = randomStream(m + n + outputs, 'selection test');
  const draw = (count: number) => Float32Array.from({ length: count }, () => stream.normal());
  const x = draw(m * INPUTS).map((value, at) => (at % INPUTS === 0 ? 1 : value));
  const teacher = draw(INPUTS * outputs);
  const y = new Float32Array(m * outputs);
  for (let j = 0; j < m; j++) {
    const values = Array.from({ length: outputs }, (_, c) => {
      let sum = 0.5 * stream.normal();
      for (let q = 0; q < INPUTS; q++) {
        sum += (x[j * INPUTS + q] ?? 0) * (teacher[c * INPUTS + q] ?? 0);
      }
      return sum;
    });
    if (outputs === 1) y[j] = Number((values[0] ?? 0) > 0);
    else y[j * outputs + values.indexOf(Math.max(...values))] = 1;
  }
  const hidden = draw(n * INPUTS);
  const b = draw(n * outputs);
  const indices = Array.from({ length: n }, (_, i) => i);
  for (let step = 0; step < steps; step++) {
    const change = gradientStepReference({
      m,
      inputs: INPUTS,
      width: n,
      outputs,
      activation: 'tanh',
      x,
      y,
      states: hiddenActivations(x, hidden),
      output: b,
      learningRate: 1,
      indices,
    });
    change.hidden.forEach((value, at) => {
      hidden[at] = (hidden[at] ?? 0) - value;
    });
    change.output.forEach((value, at) => {
      b[at] = (b[at] ?? 0) - value;
    });
  }
  const h = hiddenActivations(x, hidden);
  return { examples: m, width: n, outputs, h, b, y };
}

/** tanh(X Aᵀ) [m × N]. */
function hiddenActivations(x: Float32Array, hidden: Float32Array): Float32Array {
  const [m, n] = [x.length / INPUTS, hidden.length / INPUTS];
  return Float32Array.from({ length: m * n }, (_, at) => {
    const [j, i] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let q = 0; q < INPUTS; q++) {
      sum += (x[j * INPUTS + q] ?? 0) * (hidden[i * INPUTS + q] ?? 0);
    }
    return Math.tanh(sum);
  });
}

/** The sample as float64 selection sees it; `rows` leaves only some of the examples. */
export function referenceProblem(
  { examples, width, outputs, h, b, y }: Sample,
  loss: LossKind = 'squared',
  rows: readonly number[] = Array.from({ length: examples }, (_, j) => j),
): ReferenceProblem {
  const overRows = (element: (j: number, c: number) => number) =>
    Float64Array.from({ length: rows.length * outputs }, (_, at) =>
      element(rows[Math.floor(at / outputs)] ?? Number.NaN, at % outputs),
    );
  return {
    examples: rows.length,
    outputs,
    phi: Array.from({ length: width }, (_, i) =>
      overRows((j, c) => (h[j * width + i] ?? Number.NaN) * (b[i * outputs + c] ?? Number.NaN)),
    ),
    y: overRows((j, c) => y[j * outputs + c] ?? Number.NaN),
    loss,
  };
}

export interface Layout {
  /** Examples of a chunk; without it all lie in one. */
  readonly rowsPerChunk?: number;
  /** One buffer holds one chunk at a time, which is uploaded whenever it is passed over. */
  readonly streamed?: boolean;
  /** Of the activations that picks are chosen by. */
  readonly storage?: StorageFormat;
}

/** Puts a sample on the GPU, owned by the scope. */
export function uploadSample(
  scope: Scope,
  sample: Sample,
  loss: LossKind = 'squared',
  { rowsPerChunk = sample.examples, streamed = false, storage = 'f32' }: Layout = {},
): SelectionProblem {
  const { examples: m, width: n, outputs, h, b, y } = sample;
  const part = (first: number, rows: number) => h.subarray(first * n, (first + rows) * n);
  const resident = (format: StorageFormat) => {
    const matrix = scope.chunkedMatrix('activations', [m, n], { rowsPerChunk, storage: format });
    for (const chunk of matrix.chunks) uploadMatrix(chunk, part(chunk.firstRow, chunk.rows));
    return residentActivations(matrix);
  };
  const common = {
    weights: scope.matrix('output weights', [n, outputs], { data: b }),
    targets: scope.matrix('targets', [m, outputs], { data: y }),
    loss,
    exact: storage === 'f32' ? undefined : resident('f32'),
  };
  if (!streamed) return { ...common, activations: resident(storage) };
  const buffer = scope.matrix('streamed activations', [rowsPerChunk, n], { storage });
  const activations: Activations = {
    rows: m,
    columns: n,
    storage,
    resident: false,
    buffers: [buffer],
    chunks: Array.from({ length: Math.ceil(m / rowsPerChunk) }, (_, index) => ({
      buffer: 0,
      firstRow: index * rowsPerChunk,
      rows: Math.min(rowsPerChunk, m - index * rowsPerChunk),
    })),
    load: (commands, { firstRow, rows }) => {
      // An upload is ordered behind the submits before it, not within a pass that is being encoded.
      commands.submit();
      uploadMatrix({ ...buffer, rows }, part(firstRow, rows));
    },
  };
  return { ...common, activations };
}

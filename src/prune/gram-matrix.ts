import { readFloats } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { type Matrix, readMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { prepareMatmul } from '../kernels/matmul.js';
import type { ActivationChunk, Activations } from './activations.js';
import { readCorrelations, sumOverOutputs } from './correlations.js';
import type { SelectionProblem } from './problem.js';

/**
 * Prepares gram ← gram + HᵀH for a loaded chunk of the activations, the symmetric half computed and
 * mirrored. From zeros on, one pass over all chunks leaves the whole Gram matrix [N × N].
 */
export async function prepareGram(
  device: Device,
  { buffers }: Activations,
  gram: Matrix,
): Promise<(commands: Commands, chunk: ActivationChunk) => void> {
  const add = await Promise.all(
    buffers.map((buffer) =>
      prepareMatmul(device, {
        a: buffer,
        b: buffer,
        out: gram,
        transposeA: true,
        symmetric: true,
        epilogue: { kind: 'accumulate' },
      }),
    ),
  );
  return (commands, { buffer, rows }) => add[buffer]?.(commands, { k: rows });
}

/** The neurons' outputs to each other and to the targets: ⟨φ_i, φ_j⟩ [N × N] and ⟨φ_i, y⟩ [N]. */
export interface OutputGram {
  readonly gram: Float64Array;
  readonly correlations: Float64Array;
}

const READ_ROWS = 64;

/**
 * Computes the Gram matrix of the activations on the GPU, in one pass, and reads it back.
 *
 * @returns HᵀH [N × N], and YᵀH [C × N].
 * @throws limit-exceeded when it is larger than a binding; aborted between submits.
 */
export async function hiddenGram(
  device: Device,
  { activations, targets }: Pick<SelectionProblem, 'activations' | 'targets'>,
  signal?: AbortSignal,
): Promise<{ readonly gram: Float64Array; readonly products: Float64Array }> {
  const n = activations.columns;
  using scope = new Scope(device);
  const hidden = scope.matrix('gram matrix', [n, n]);
  const alongside = await prepareGram(device, activations, hidden);
  const pass = { device, scope, activations, block: targets, alongside };
  const { products } = await readCorrelations(pass, signal);
  const gram = new Float64Array(n * n);
  // A block at a time: read back as a whole it would lie on the GPU twice.
  for (let first = 0; first < n; first += READ_ROWS) {
    const rows = Math.min(READ_ROWS, n - first);
    const block = await readFloats(hidden.buffer, first * hidden.stride, rows * hidden.stride);
    for (let row = 0; row < rows; row++) {
      const at = row * hidden.stride;
      gram.set(block.subarray(at, at + n), (first + row) * n);
    }
  }
  return { gram, products };
}

/**
 * The Gram matrix of the neurons' outputs, ⟨φ_i, φ_j⟩ = (B_i · B_j) ⟨h_i, h_j⟩.
 *
 * @throws what `hiddenGram` throws.
 */
export async function outputGram(
  device: Device,
  problem: SelectionProblem,
  signal?: AbortSignal,
): Promise<OutputGram> {
  const { weights } = problem;
  const { rows: n, columns } = weights;
  const { gram, products } = await hiddenGram(device, problem, signal);
  const b = await readMatrix(weights);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let alignment = 0;
      for (let c = 0; c < columns; c++) {
        alignment += (b[i * columns + c] ?? 0) * (b[j * columns + c] ?? 0);
      }
      gram[i * n + j] = alignment * (gram[i * n + j] ?? 0);
    }
  }
  const correlations = await sumOverOutputs(
    weights,
    (i, c, value) => value * (products[c * n + i] ?? Number.NaN),
  );
  return { gram, correlations };
}

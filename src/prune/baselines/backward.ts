import { readFloats } from '../../gpu/buffer.js';
import { Commands } from '../../gpu/commands.js';
import type { Device } from '../../gpu/device.js';
import { readMatrix } from '../../gpu/matrix.js';
import { Scope } from '../../gpu/scope.js';
import { AVERAGE_WORDS } from '../../kernels/average-update.js';
import { INNER_PRODUCTS, namedProducts } from '../../kernels/pick.js';
import { allocateBuffers } from '../buffers.js';
import { prepareGramOracle } from '../oracles/gram.js';
import { planSelection } from '../plan.js';
import { notFinite, type SelectionProblem } from '../problem.js';

/** What elimination needs: Gram matrix of the outputs ⟨φ_i, φ_j⟩ [N × N] and ⟨φ_i, y⟩ [N]. */
export interface OutputGram {
  readonly gram: Float64Array;
  readonly correlations: Float64Array;
}

const READ_ROWS = 64;

/**
 * `backward`: exact greedy elimination. It starts with the average of all neurons. Again and again
 * it takes out the neuron whose removal leaves the smallest loss, the lowest index among equals. The
 * last to stay is the first of the ranking. With ψ = φ − y and T_i = Σ_{s∈S} ⟨ψ_s, ψ_i⟩, removing i
 * leaves (‖Σψ‖² − 2 T_i + ⟨ψ_i, ψ_i⟩) / (|S| − 1)². Given the Gram matrix, a removal costs O(N).
 */
export function rankByElimination({ gram, correlations }: OutputGram): Uint32Array {
  const n = correlations.length;
  const inner = (i: number, j: number) => gram[i * n + j] ?? Number.NaN;
  const q = (i: number) => correlations[i] ?? Number.NaN;
  // ‖y‖² is common to all candidates of a step and left out: it does not move the argmin.
  const sums = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let s = 0; s < n; s++) sum += inner(s, i) - q(s) - q(i);
    return sum;
  });
  const alive = new Set(Array.from({ length: n }, (_, i) => i));
  const ranking = new Uint32Array(n);
  for (let left = n; left > 0; left--) {
    let worst = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const i of alive) {
      const change = inner(i, i) - 2 * q(i) - 2 * (sums[i] ?? 0);
      if (change < least) {
        least = change;
        worst = i;
      }
    }
    if (worst < 0) {
      throw notFinite('outputs of neurons that are');
    }
    alive.delete(worst);
    ranking[left - 1] = worst;
    for (const i of alive) {
      sums[i] = (sums[i] ?? 0) - (inner(worst, i) - q(worst) - q(i));
    }
  }
  return ranking;
}

/**
 * Computes the Gram matrix of the neurons' outputs on the GPU, in one pass, and reads it back.
 *
 * @throws limit-exceeded when it is larger than a binding; aborted between submits.
 */
export async function outputGram(
  device: Device,
  problem: SelectionProblem,
  signal?: AbortSignal,
): Promise<OutputGram> {
  const n = problem.activations.columns;
  const { capacity, block } = planSelection(
    device,
    { ...problem, loss: 'squared' },
    { picks: 1, oracle: 'gram' },
  );
  using scope = new Scope(device);
  const buffers = allocateBuffers(scope, { width: n, picks: 1, block, capacity, slices: 1 });
  const oracle = await prepareGramOracle({
    device,
    scope,
    problem,
    buffers,
    block,
    lookahead: false,
    replacement: false,
    fitted: false,
  });
  const commands = new Commands(device);
  await oracle.begin(commands, signal);
  await commands.finish();
  const innerProducts = await readFloats(buffers.innerProducts);
  const columns = problem.weights.columns;
  const b = await readMatrix(problem.weights);
  const gram = new Float64Array(n * n);
  // A block at a time: read back as a whole it would lie on the GPU twice.
  for (let first = 0; first < n; first += READ_ROWS) {
    const rows = Math.min(READ_ROWS, n - first);
    const hidden = await readFloats(buffers.cache, first * n, rows * n);
    for (let i = first; i < first + rows; i++) {
      for (let j = 0; j < n; j++) {
        let alignment = 0;
        for (let c = 0; c < columns; c++) {
          alignment += (b[i * columns + c] ?? 0) * (b[j * columns + c] ?? 0);
        }
        gram[i * n + j] = alignment * (hidden[(i - first) * n + j] ?? 0);
      }
    }
  }
  return {
    gram,
    correlations: Float64Array.from(
      { length: n },
      (_, i) => namedProducts(AVERAGE_WORDS, innerProducts, i * INNER_PRODUCTS).correlation,
    ),
  };
}

import { readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import { hiddenActivations } from '../../src/models/forward.js';
import { elementsOf } from '../../src/reference/element.js';
import { matmulReference } from '../../src/reference/matmul.js';
import { type Benchmark, type ContestContext, workload } from '../benchmark.js';
import { elementsAt, requireWithin, spread } from '../check.js';
import { timeRuns } from '../sampling.js';
import { ownDataset, ownNetwork } from './images.js';

type HiddenShape = { readonly n: number; readonly m: number; readonly d: number };

/** H = σ(X Aᵀ) of a whole dataset, allocation included. */
export const hidden: Benchmark = workload({
  name: 'hidden',
  seconds: 8,
  shapes: [
    { n: 1024, m: 4096, d: 785 },
    { n: 256, m: 1000, d: 785 },
  ],
  hardwareShapes: [{ n: 1024, m: 50_000, d: 785 }],
  contend,
});

async function contend(context: ContestContext, { n, m, d }: HiddenShape) {
  const { device, signal } = context;
  const dataset = ownDataset(context, m);
  const { parameters, network } = ownNetwork(context, n, dataset);
  return {
    verify: async () => {
      using scope = new Scope(device);
      const { chunks } = await hiddenActivations(network, dataset, scope, signal);
      const x = elementsOf(await readMatrix(dataset.inputs), d);
      const a = elementsOf(parameters.hidden, d);
      const columns = spread(n, 64);
      for (const chunk of chunks) {
        const rows = spread(chunk.rows, 16);
        const reference = matmulReference({
          m: rows.length,
          n: columns.length,
          k: d,
          a: (j, p) => x(chunk.firstRow + (rows[j] ?? -1), p),
          b: (p, i) => a(columns[i] ?? -1, p),
          alpha: 1,
          epilogue: { kind: 'activation', activation: 'tanh' },
        });
        const states = elementsAt(await readMatrix(chunk), n, rows, columns);
        requireWithin('activations', states, reference);
      }
      return 'a sample within the bound of its float64 oracle';
    },
    time: (seconds: number) =>
      timeRuns(async () => {
        using scope = new Scope(device);
        await hiddenActivations(network, dataset, scope, signal);
      }, seconds),
    cost: () => ({ operations: 2 * m * d * n, bytes: 4 * (m * d + d * n + m * n) }),
  };
}

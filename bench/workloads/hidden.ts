import { Scope } from '../../src/gpu/scope.js';
import { hiddenActivations } from '../../src/models/forward.js';
import { type Benchmark, type ContestContext, workload } from '../benchmark.js';
import { timeRuns } from '../sampling.js';
import { checkedActivations, ownSubject } from './network.js';

type HiddenShape = { readonly n: number; readonly m: number; readonly d: number };

/** H = σ(X Aᵀ) of a whole dataset, its allocation included. */
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
  const subject = ownSubject(context, m, n);
  return {
    verify: async () => {
      await checkedActivations(subject, signal);
      return 'a sample within the bound of its float64 oracle';
    },
    time: (seconds: number) =>
      timeRuns(async () => {
        using scope = new Scope(device);
        await hiddenActivations(subject.network, subject.dataset, scope, signal);
      }, seconds),
    cost: () => ({ operations: 2 * m * d * n, bytes: 4 * (m * d + d * n + m * n) }),
  };
}

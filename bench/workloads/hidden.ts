import { Scope } from '../../src/gpu/scope.js';
import { hiddenActivations } from '../../src/models/forward.js';
import { type Benchmark, type ContestContext, type Cost, workload } from '../benchmark.js';
import { rivalry } from '../peers/contender.js';
import { timeRuns } from '../sampling.js';
import { prepareSetup, readActivations, readSetup, requireActivations } from './network.js';

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
  rival: rivalry(({ hidden }) => hidden, challenge),
});

const VERIFIED = 'a sample within the bound of its float64 oracle';

async function contend(context: ContestContext, shape: HiddenShape) {
  const { device, signal } = context;
  const { setup, check } = await context.share(() => hiddenSetup(context, shape));
  return {
    verify: async () => check(await readActivations(setup, signal)),
    time: (seconds: number) =>
      timeRuns(async () => {
        using scope = new Scope(device);
        await hiddenActivations(setup.network, setup.dataset, scope, { signal });
      }, seconds),
    cost: () => hiddenCost(shape),
  };
}

async function challenge(context: ContestContext, shape: HiddenShape) {
  const { arrays, check } = await context.share(() => hiddenSetup(context, shape));
  return { task: { ...shape, ...arrays }, check, cost: () => hiddenCost(shape) };
}

async function hiddenSetup(context: ContestContext, { m, n }: HiddenShape) {
  const setup = prepareSetup(context, m, n);
  const arrays = await readSetup(setup);
  const check = (activations: Float32Array) => {
    requireActivations(activations, arrays, setup.parameters);
    return VERIFIED;
  };
  return { setup, arrays, check };
}

function hiddenCost({ n, m, d }: HiddenShape): Cost {
  return { operations: 2 * m * d * n, bytes: 4 * (m * d + d * n + m * n) };
}

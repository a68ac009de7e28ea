import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { distinctDraws, randomStream } from '../random.js';
import { rankByElimination } from './baselines/backward.js';
import { rankByMagnitude } from './baselines/magnitude.js';
import { type Ranking, selectByRanking } from './baselines/ranking.js';
import { rankByActivation, rankByGradient } from './baselines/saliency.js';
import { type MethodName, requireTogether } from './choices.js';
import { outputGram } from './gram-matrix.js';
import { selectGreedily } from './greedy.js';
import { type GreedyOptions, requireCount, requireProblem } from './greedy-options.js';
import type { Plan } from './plan.js';
import type { Selection, SelectionProblem } from './problem.js';

/** How neurons are selected: greedily, or by another method. */
export interface MethodOptions extends GreedyOptions {
  readonly method: MethodName;
  /** A [N × d], which only `magnitude` looks at. */
  readonly hidden: () => Promise<Float32Array>;
}

/** A selection by any method. */
export interface MethodSelection extends Selection {
  /** How greedy selection was done. */
  readonly plan?: Plan;
}

/**
 * Selects neurons by any method. Those other than greedy selection rank all neurons and take the
 * first k of the ranking, each once and with the same weight.
 *
 * @throws bad-config when k is past the neurons of a ranking, or the method does not go by the
 *   loss; what `selectGreedily` throws.
 */
export async function* select(
  device: Device,
  problem: SelectionProblem,
  options: MethodOptions,
): AsyncGenerator<number, MethodSelection> {
  const { method, picks: k } = options;
  if (method === 'greedy') return yield* selectGreedily(device, problem, options);
  requireProblem(problem);
  requireCount('picks', k);
  requireTogether({ method, picks: k, loss: problem.loss, width: problem.activations.columns });
  return await selectByRanking(device, problem, await rank(device, problem, options), options);
}

async function rank(
  device: Device,
  problem: SelectionProblem,
  { method, seed = 0, hidden, signal }: MethodOptions,
): Promise<Ranking> {
  const n = problem.activations.columns;
  switch (method) {
    case 'magnitude': {
      const output = await readMatrix(problem.weights);
      return { ranking: rankByMagnitude(n, await hidden(), output), passes: 0 };
    }
    case 'activation':
      return { ranking: await rankByActivation(device, problem, signal), passes: 1 };
    case 'gradient':
      return { ranking: await rankByGradient(device, problem, signal), passes: 1 };
    case 'backward':
      return { ranking: rankByElimination(await outputGram(device, problem, signal)), passes: 1 };
    default:
      return { ranking: distinctDraws(randomStream(seed, 'random selection'), n)(n), passes: 0 };
  }
}

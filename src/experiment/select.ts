import { EspalierError } from '../errors.js';
import { Scope } from '../gpu/scope.js';
import { hiddenActivations, streamedActivations } from '../models/forward.js';
import type { TwoLayerNetwork, TwoLayerParameters } from '../models/two-layer.js';
import { type ActivationSource, activationsFrom, exactActivations } from '../prune/activations.js';
import type { MethodName } from '../prune/choices.js';
import { type MethodSelection, select } from '../prune/methods.js';
import type { SelectionProblem } from '../prune/problem.js';
import { divergence } from '../train/gradient-descent.js';
import type { Experiment } from './experiment.js';
import type { RunConfig } from './run-config.js';

/** How picks are made; a study leaves to greedy selection what is optional here. */
export type Choice = { readonly method: MethodName } & Pick<
  RunConfig,
  'picks' | 'replacement' | 'rule'
> &
  Partial<
    Pick<
      RunConfig,
      | 'targetLoss'
      | 'targetFraction'
      | 'untilStalled'
      | 'candidates'
      | 'selectionBatch'
      | 'oracle'
      | 'block'
    >
  >;

/** A trained network to pick from. */
export interface Dense {
  readonly network: TwoLayerNetwork;
  /** The same, read back. */
  readonly parameters: TwoLayerParameters;
  /** Steps of its training; without it, numbers that are not finite are no fault of the training. */
  readonly iteration?: number | undefined;
  /** Of which a share may be the target. */
  readonly trainingLoss?: number;
}

/** Picks from a trained network; yields the number of picks made, now and then. */
export async function* pickFrom(
  experiment: Experiment,
  dense: Dense,
  choice: Choice,
): AsyncGenerator<number, MethodSelection> {
  using scope = new Scope(experiment.device);
  const problem = await selectionProblem(experiment, dense.network, scope);
  return yield* selectTrained(experiment, dense, choice, problem);
}

/**
 * What picks are chosen from and measured by: H of a network on the training examples, in chunks
 * that the scope owns.
 *
 * @param measured leaves out the exact activations where nobody looks at the measured losses.
 * @throws aborted between submits when the signal fires.
 */
export async function selectionProblem(
  { config, train, signal }: Experiment,
  network: TwoLayerNetwork,
  scope: Scope,
  measured = true,
): Promise<SelectionProblem> {
  const source: ActivationSource = {
    rows: train.count,
    columns: network.width,
    keep: (storage) => hiddenActivations(network, train, scope, { storage, signal }),
    stream: (rowsPerChunk, storage) =>
      streamedActivations(network, train, scope, { rowsPerChunk, storage }),
  };
  return {
    activations: await activationsFrom(source, config),
    exact: measured ? await exactActivations(source, config) : undefined,
    weights: network.output,
    targets: train.targets,
    loss: config.loss,
  };
}

/**
 * `select` on a network of one's own training: outputs that are not finite are its doing, or that of
 * their storage.
 *
 * @throws diverged where `select` throws bad-data; bad-data where float16 may be why.
 */
export async function* selectTrained(
  { device, config, signal }: Experiment,
  { network, parameters, iteration, trainingLoss }: Dense,
  choice: Choice,
  problem: SelectionProblem,
): AsyncGenerator<number, MethodSelection> {
  try {
    return yield* select(device, problem, {
      method: choice.method,
      picks: choice.picks,
      replacement: choice.replacement,
      rule: choice.rule,
      targetLoss: targetLossFor(choice, trainingLoss),
      untilStalled: choice.untilStalled,
      candidates: choice.candidates,
      selectionBatch: choice.selectionBatch,
      seed: config.seed,
      oracle: choice.oracle,
      block: choice.block,
      hidden: async () => parameters.hidden,
      signal,
    });
  } catch (error) {
    if (iteration === undefined) throw error;
    if (!(error instanceof EspalierError && error.code === 'bad-data')) throw error;
    // The others lie within ±1.
    if (problem.activations.storage === 'f16' && network.activation === 'relu') {
      throw new EspalierError(
        'bad-data',
        {
          kind: 'message',
          message: `${error.message} In f16 every activation from 65520 on is infinite.`,
          instead: { storage: 'f32' },
        },
        { cause: error },
      );
    }
    throw divergence(iteration, config, error);
  }
}

/** The lower of the target loss and of the share of the dense network's. */
function targetLossFor({ targetLoss, targetFraction }: Choice, trainingLoss?: number) {
  const share =
    targetFraction !== undefined && trainingLoss !== undefined
      ? targetFraction * trainingLoss
      : undefined;
  const targets = [targetLoss, share].filter((loss) => loss !== undefined);
  return targets.length > 0 ? Math.min(...targets) : undefined;
}

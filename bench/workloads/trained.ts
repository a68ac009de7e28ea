import { readMatrix } from '../../src/gpu/matrix.js';
import { Scope } from '../../src/gpu/scope.js';
import type { LossKind } from '../../src/kernels/candidate-loss.js';
import { hiddenActivations } from '../../src/models/forward.js';
import { residentActivations } from '../../src/prune/activations.js';
import type { SelectionProblem } from '../../src/prune/problem.js';
import type { GreedySelectionProblem } from '../../src/reference/greedy-selection.js';
import { advance, startTraining } from '../../src/train/gradient-descent.js';
import type { ContestContext } from '../benchmark.js';
import { prepareSetup, readChunks, SEED } from './network.js';

/** What contenders select from: a network briefly trained on MNIST. */
export interface Trained {
  readonly problem: SelectionProblem;
  /** The same with activations in float16 to pick by. */
  readonly halves: () => Promise<SelectionProblem>;
  /** The same in this process's memory. */
  readonly arrays: GreedySelectionProblem;
}

/** Trained for its loss: the squared one on two classes, the cross-entropy on the digits. */
export async function trainedProblem(
  context: ContestContext,
  { n, m }: { readonly n: number; readonly m: number },
  loss: LossKind,
  steps: number,
): Promise<Trained> {
  const { device, own, signal } = context;
  const task = loss === 'squared' ? 'below-five' : 'digits';
  const { network, dataset } = prepareSetup(context, m, n, task);
  const options = { batch: 128, learningRate: 1, momentum: 0, loss, seed: SEED } as const;
  const training = own(startTraining(network, dataset, options));
  for await (const _ of advance(training, steps, signal));
  const scope = own(new Scope(device));
  const hidden = await hiddenActivations(network, dataset, scope, { signal });
  const { output: weights } = network;
  const { targets } = dataset;
  const exact = residentActivations(hidden);
  const problem = { activations: exact, weights, targets, loss };
  let halves: Promise<SelectionProblem> | undefined;
  return {
    problem,
    halves: () => {
      halves ??= hiddenActivations(network, dataset, scope, { storage: 'f16', signal }).then(
        (rounded) => ({
          ...problem,
          activations: residentActivations(rounded),
          exact,
        }),
      );
      return halves;
    },
    arrays: {
      m,
      n,
      outputs: network.outputs,
      activations: await readChunks(hidden),
      weights: await readMatrix(weights),
      targets: await readMatrix(targets),
    },
  };
}

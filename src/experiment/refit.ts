import { uploadMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import type { TwoLayerNetwork } from '../models/two-layer.js';
import type { RefitName } from '../prune/choices.js';
import { exactly } from '../prune/problem.js';
import { refitOutputs } from '../prune/refit.js';
import type { Experiment } from './experiment.js';
import { selectionProblem } from './select.js';

/** A factor in float64 of more neurons than this takes a processor longer than anyone waits. */
export const MOST_REFITTED = 1024;

/**
 * Refits a network's output weights to the training examples, in place: b_i ← n w_i with the w of
 * `refitOutputs`, so that f(x) = (1/n) Σ b_i σ(a_i · x).
 */
export async function refitNetwork(
  experiment: Experiment,
  network: TwoLayerNetwork,
  refit: Exclude<RefitName, 'none'>,
): Promise<void> {
  const { device, signal } = experiment;
  using scope = new Scope(device);
  const problem = exactly(await selectionProblem(experiment, network, scope));
  const weights = await refitOutputs(device, problem, refit, signal);
  uploadMatrix(
    network.output,
    Float32Array.from(weights, (weight) => network.width * weight),
  );
}

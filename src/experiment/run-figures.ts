import { flopsPerExample, parameterCount, type TwoLayerNetwork } from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import { type Experiment, measure } from './experiment.js';
import type { RunConfig } from './run-config.js';
import type { ChoiceFigures, Figures } from './run-events.js';

/**
 * Measures a network.
 *
 * @param seconds of the work that made it.
 */
export async function networkFigures(
  experiment: Experiment,
  network: TwoLayerNetwork,
  seconds: number,
): Promise<Figures> {
  const { train, test } = await measure(experiment, network);
  return {
    width: network.width,
    parameters: parameterCount(network),
    flopsPerExample: flopsPerExample(network),
    trainingLoss: train.loss,
    trainingAccuracy: train.accuracy,
    testLoss: test.loss,
    testAccuracy: test.accuracy,
    seconds,
  };
}

/** What a selection says of how the subnetwork was chosen. */
export function choiceFigures(
  { method, rule }: RunConfig,
  selection?: MethodSelection,
): ChoiceFigures {
  return {
    method,
    ...(selection && { rule: method === 'greedy' ? rule : 'average' }),
    picks: selection?.selected.length ?? 0,
    passes: selection?.passes ?? 0,
    stopped: selection?.stopped ?? 'count',
    ...(selection?.plan && { plan: selection.plan }),
  };
}

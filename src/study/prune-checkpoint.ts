import { trainAlike, trainOn } from '../experiment/controls.js';
import {
  type Experiment,
  type Measured,
  measure,
  subnetworkOutputs,
} from '../experiment/experiment.js';
import { finalResult } from '../experiment/relay.js';
import { selectionProblem, selectTrained } from '../experiment/select.js';
import type { TrainedState } from '../experiment/state.js';
import { Scope } from '../gpu/scope.js';
import { type Evaluation, evaluateOutputs } from '../models/forward.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  type TwoLayerNetwork,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../models/two-layer.js';
import type { MethodSelection } from '../prune/methods.js';
import { divergence, type TrainingProgress } from '../train/gradient-descent.js';
import type { Cell, CellKey } from './cell.js';
import type { Pruning, TrialConfig } from './grid.js';

/** The dense network at this checkpoint: on the GPU, and its state as read back. */
interface Dense {
  readonly network: TwoLayerNetwork;
  readonly state: TrainedState;
}

interface Pruned {
  readonly pruning: Pruning;
  /** The cell's losses, accuracies and counts. */
  readonly figures: Omit<Cell, keyof CellKey | 'inputs' | 'crc32' | 'seconds'>;
}

/** Makes each of the given prunings of a checkpoint, then measures all networks together. */
export async function pruneCheckpoint(
  experiment: Experiment<TrialConfig>,
  { network, state }: Dense,
  missing: readonly Pruning[],
): Promise<readonly Pruned[]> {
  const { device, config } = experiment;
  const selections = await selectAll(experiment, { network, state }, missing);
  const [dense, ...subnetworks] = await measureAll(experiment, { network, state }, selections);
  if (!dense || !Number.isFinite(dense.train.loss)) throw divergence(state.iteration, config);
  const tuned = config.fineTune > 0;
  const continued = tuned && config.controls && (await trained(experiment, state.network, trainOn));
  const pruned: Pruned[] = [];
  for (const [at, pruning] of missing.entries()) {
    const { kept, finalShares, passes } = selections[at] as MethodSelection;
    const { train, test } = subnetworks[at] as Measured;
    const subnetwork = extractSubnetwork(state.network, kept, finalShares);
    const figures = {
      denseLoss: dense.train.loss,
      subnetworkLoss: train.loss,
      denseTestLoss: dense.test.loss,
      subnetworkTestLoss: test.loss,
      denseTestAccuracy: dense.test.accuracy,
      subnetworkTestAccuracy: test.accuracy,
      distinct: kept.length,
      passes,
      ...(tuned && (await fineTune(experiment, subnetwork))),
      ...(continued && {
        continuedLoss: continued.train.loss,
        continuedTestAccuracy: continued.test.accuracy,
        ...(await fromScratch(experiment, subnetwork, state.iteration)),
      }),
      adapter: device.adapter.name,
    };
    pruned.push({ pruning, figures });
  }
  return pruned;
}

/** Makes all selections of a checkpoint from the same activations, which are computed once. */
async function selectAll(
  experiment: Experiment<TrialConfig>,
  { network, state }: Dense,
  prunings: readonly Pruning[],
): Promise<readonly MethodSelection[]> {
  const dense = { network, parameters: state.network, iteration: state.iteration };
  using scope = new Scope(experiment.device);
  // `false`: no exact activations. Cells are measured from weights, so nothing would use them.
  const problem = await selectionProblem(experiment, network, scope, false);
  const selections: MethodSelection[] = [];
  for (const pruning of prunings) {
    const choice = { ...experiment.config, ...pruning };
    selections.push(await finalResult(selectTrained(experiment, dense, choice, problem)));
  }
  return selections;
}

/** Evaluates the dense network and all subnetworks in one pass over each set of examples. */
async function measureAll(
  { device, config: { loss }, train, test, signal }: Experiment<TrialConfig>,
  { network, state }: Dense,
  selections: readonly MethodSelection[],
): Promise<readonly Measured[]> {
  using scope = new Scope(device);
  const subnetworks = selections.map(({ kept, finalShares: shares }) => ({ kept, shares }));
  const outputs = [
    network.output,
    ...subnetworkOutputs(scope, network, state.network, subnetworks),
  ];
  const onTrain = await evaluateOutputs(network, outputs, train, { loss, signal });
  const onTest = await evaluateOutputs(network, outputs, test, { loss, signal });
  return onTrain.map((train, at) => ({ train, test: onTest[at] as Evaluation }));
}

async function fineTune(experiment: Experiment<TrialConfig>, subnetwork: TwoLayerParameters) {
  const { train, test } = await trained(experiment, subnetwork, trainOn);
  return { fineTunedLoss: train.loss, fineTunedTestAccuracy: test.accuracy };
}

/** A network of the subnetwork's size that had all of its steps, from its own first weights on. */
async function fromScratch(
  experiment: Experiment<TrialConfig>,
  subnetwork: TwoLayerParameters,
  iteration: number,
) {
  const first = drawParameters(subnetwork, experiment.config.seed);
  const { train, test } = await trained(experiment, first, (_, network) =>
    trainAlike(experiment, network, iteration),
  );
  return { scratchLoss: train.loss, scratchTestAccuracy: test.accuracy };
}

/** Trains a network and evaluates it. */
async function trained(
  experiment: Experiment<TrialConfig>,
  first: TwoLayerParameters,
  learn: (
    experiment: Experiment<TrialConfig>,
    network: TwoLayerNetwork,
  ) => AsyncGenerator<TrainingProgress, void>,
): Promise<Measured> {
  using network = uploadTwoLayer(experiment.device, first);
  await finalResult(learn(experiment, network));
  return await measure(experiment, network);
}

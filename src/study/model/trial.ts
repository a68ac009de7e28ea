import { stepsBetween } from '../../experiment/model/prune/train-between.js';
import { chosenUnits } from '../../experiment/model/prune/units.js';
import type { Device } from '../../gpu/device.js';
import { inferShapes } from '../../graph/shapes.js';
import { summarise } from '../../graph/summary.js';
import type { Network } from '../../graph/weights.js';
import { drawWeights } from '../../models/initial-weights.js';
import { requireAnswerable } from '../../train/evaluation.js';
import { type ModelStudyConfig, pruneOptionsOfStudy } from './config.js';
import { type ModelCellPlace, seedOfModelTrial, stepsOfStudy } from './grid.js';
import {
  cut,
  learn,
  learnControl,
  type ModelTrialEvent,
  type ModelTrialInput,
  measure,
  named,
  networkName,
  networkNamed,
  type Work,
} from './making.js';
import { compareThen } from './then.js';

/**
 * Does one trial: one pre-training, kept at each of its checkpoints, and at each of these, by each
 * criterion, a subnetwork that is cut, fine-tuned and measured. Beside it stand the dense network
 * trained on for as long, and the subnetwork's architecture from scratch for as many steps in all.
 * Cuts to the same architecture share the latter.
 *
 * Given the networks and the training that an earlier call yielded it goes on from there, and on the
 * same adapter its cells have the same bits.
 *
 * @throws bad-config when a budget cannot be met; bad-network, bad-data, limit-exceeded, diverged,
 *   aborted as `trainNetwork` and `pruneNetwork` do.
 */
export async function* studyModelTrial(
  device: Device,
  input: ModelTrialInput,
  signal?: AbortSignal,
): AsyncGenerator<ModelTrialEvent, void> {
  const { config, trial, network, test, crc32, places } = input;
  requireAnswerable(network, test);
  const networks = new Map(input.networks);
  const work: Work = { device, input, signal, networks, figures: new Map() };
  let start = performance.now();
  const missing = places.filter((place) => !networks.has(networkName('dense', place.iteration)));
  if (missing.length > 0) {
    const { all, checkpoints } = stepsOfStudy(config, trial.examples);
    const stops = new Map(checkpoints.map((at) => [at, networkName('dense', at)]));
    const course = { steps: all, learningRate: config.learningRate, stops };
    yield* learn(work, 'dense', network, course);
  }
  for (const place of places) {
    const figures = yield* fillPlace(work, place);
    const now = performance.now();
    const cell = {
      ...place,
      crc32,
      ...figures,
      seconds: (now - start) / 1000,
      adapter: device.adapter.name,
    };
    start = now;
    yield { type: 'cell', trial, cell };
    // Nothing else of the trial asks for these, and a large network's are many.
    for (const kind of OF_ONE_CELL) {
      networks.delete(networkName(kind, place.iteration, place.criterion));
    }
  }
}

/** Networks that are a criterion's own. */
const OF_ONE_CELL = [
  ...(['pruned', 'fine-tuned', 'then-fine-tuned'] as const),
  ...(['cut-further', 'channels-alone'] as const),
];

/** Makes and measures all networks of one cell. */
async function* fillPlace(work: Work, place: ModelCellPlace) {
  const { iteration, criterion } = place;
  const { config, trial, network } = work.input;
  const seed = seedOfModelTrial(config, trial);
  const { fineTune: more } = stepsOfStudy(config, trial.examples);
  const names = {
    dense: networkName('dense', iteration),
    pruned: networkName('pruned', iteration, criterion),
    fineTuned: networkName('fine-tuned', iteration, criterion),
    continued: networkName('dense-trained-on', iteration),
  };
  const dense = networkNamed(work, names.dense);
  const options = pruneOptionsOfStudy(config, { criterion, seed, graph: dense.graph });
  yield* cut(work, names.pruned, { dense, options });
  const pruned = networkNamed(work, names.pruned);
  const tuning = {
    steps: more,
    learningRate: config.fineTuneLearningRate,
    rateKey: 'fineTuneLearningRate',
  } as const;
  if (more > 0) yield* learn(work, names.fineTuned, pruned, tuning);
  // Never fewer steps than the subnetwork, whose units may have been trained behind.
  const fair = { ...tuning, steps: more + mostStepsBetween(work.input, dense) };
  const controls = fair.steps > 0 && config.controls;
  const kept = keptChannels(dense, pruned, config);
  const scratch = networkName('from-scratch', iteration, kept.join('-'));
  const compared = { continued: false, scratch: false };
  if (controls) {
    compared.continued = yield* learnControl(work, names.continued, dense, fair);
    const fresh = { graph: pruned.graph, weights: drawWeights(pruned.graph, seed) };
    const course = { steps: iteration + fair.steps, learningRate: config.learningRate };
    compared.scratch = yield* learnControl(work, scratch, fresh, course);
  }
  const [whole, part] = [summarise(network.graph), summarise(pruned.graph)];
  return {
    ...named('dense', yield* measure(work, names.dense)),
    ...named('subnetwork', yield* measure(work, names.pruned)),
    ...(more > 0 && named('fineTuned', yield* measure(work, names.fineTuned))),
    ...(compared.continued && named('continued', yield* measure(work, names.continued))),
    ...(compared.scratch && named('scratch', yield* measure(work, scratch))),
    multiplyAdds: part.multiplyAdds,
    denseMultiplyAdds: whole.multiplyAdds,
    parameters: part.parameters,
    denseParameters: whole.parameters,
    kept: kept.join(' '),
    ...(config.then && (yield* compareThen(work, place, { dense, pruned, tuning, fair }))),
  };
}

/** Steps that a cut trains between its units, where all of them lose channels. */
function mostStepsBetween({ config, train }: ModelTrialInput, dense: Network): number {
  const { trainBetween: epochs, units } = config;
  if (epochs === 0) return 0;
  return (chosenUnits(dense.graph, units).length - 1) * stepsBetween({ pictures: train, epochs });
}

/** Channels that a cut has left of each unit. */
function keptChannels(
  dense: Network,
  pruned: Network,
  { units }: Pick<ModelStudyConfig, 'units'>,
): readonly number[] {
  const shapes = inferShapes(pruned.graph);
  return chosenUnits(dense.graph, units).map(
    ({ writers: [writer = ''] }) => shapes.get(writer)?.channels ?? 0,
  );
}

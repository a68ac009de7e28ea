import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import { evaluateOutputs } from '../models/forward.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import { readParameters, type TwoLayerParameters, uploadTwoLayer } from '../models/two-layer.js';
import { exactly, type SelectionProblem } from '../prune/problem.js';
import { contenderChoice, requireComparable } from './compare-config.js';
import type {
  CompareEvent,
  CompareInput,
  CompareSummary,
  Comparison,
  Contender,
  Outcome,
} from './compare-events.js';
import { networkShape } from './examples.js';
import {
  type Experiment,
  measure,
  openExperiment,
  pretraining,
  subnetworkOutputs,
  train,
  uploadFirst,
} from './experiment.js';
import { guaranteedRule, hullGuarantee } from './guarantee.js';
import { improve } from './improve.js';
import { MOST_REFITTED } from './refit.js';
import { relayed } from './relay.js';
import type { RunConfig } from './run-config.js';
import { type Dense, selectionProblem, selectTrained } from './select.js';
import { requireFits } from './size-limits.js';

/**
 * Trains one network, prunes it by each contender, and measures all of them at every size.
 *
 * @throws what `requireComparable` throws, before it trains; what training and selection throw.
 */
export async function* compare(
  device: Device,
  input: CompareInput,
  signal?: AbortSignal,
): AsyncGenerator<CompareEvent, CompareSummary> {
  const { config, examples } = input;
  requireInput(device, config.width, input);
  using experiment = await openExperiment(device, config, examples, signal);
  using network = await uploadFirst(experiment, networkShape(config, examples));
  const { iterations } = config;
  yield* relayed(
    train(experiment, network, { options: pretraining(config), until: iterations }),
    ({ iteration }) => progressEvent('pre-training', iteration, iterations),
  );
  const parameters = await readParameters(network);
  return yield* pruneByAll(experiment, { network, parameters, iteration: iterations }, input);
}

/**
 * Prunes a trained network by each contender, and measures all of them at every size, as `compare`
 * does after its training, but for the guarantee.
 *
 * @param parameters the network; its width stands for that of the configuration.
 * @throws what `requireComparable` and selection throw.
 */
export async function* compareNetwork(
  device: Device,
  parameters: TwoLayerParameters,
  input: CompareInput,
  signal?: AbortSignal,
): AsyncGenerator<CompareEvent, CompareSummary> {
  requireInput(device, parameters.width, input);
  using experiment = await openExperiment(device, input.config, input.examples, signal);
  using network = uploadTwoLayer(device, parameters);
  return yield* pruneByAll(experiment, { network, parameters }, input);
}

async function* pruneByAll(
  experiment: Experiment<RunConfig>,
  { network, parameters, iteration }: Dense,
  { config, contenders, sizes }: CompareInput,
): AsyncGenerator<CompareEvent, CompareSummary> {
  const { device } = experiment;
  const { train: measured, test } = await measure(experiment, network);
  const dense = { network, parameters, iteration, trainingLoss: measured.loss };
  using scope = new Scope(device);
  const problem = await selectionProblem(experiment, network, scope);
  const refit = parameters.width > MOST_REFITTED ? 'none' : config.refit;
  const alike = { ...experiment, config: { ...experiment.config, refit } };
  const denseFigures = { ...measured, test, ...(await improve(alike, parameters)) };
  yield { type: 'dense', ...denseFigures };
  const outcomes: Outcome[] = [];
  for (const method of contenders) {
    const outcome =
      method === 'scratch'
        ? yield* compareScratch(experiment, dense, sizes)
        : yield* compareSelection(experiment, dense, { problem, method, sizes });
    outcomes.push(outcome);
    yield { type: 'compared', ...outcome };
  }
  const applies = guaranteedRule({ ...config, method: 'greedy', rule: 'average' });
  const guarantee =
    iteration !== undefined &&
    contenders.includes('greedy') &&
    'rule' in applies &&
    (await hullGuarantee(experiment, exactly(problem), {
      rule: applies.rule,
      picks: Math.max(...sizes),
    }));
  return {
    adapter: device.adapter,
    dense: denseFigures,
    rows: outcomes.flatMap(({ rows }) => [
      ...new Map(rows.map((row) => [row.picks, row])).values(),
    ]),
    curves: outcomes.flatMap(({ method, loss, stopped }) =>
      loss && stopped ? [{ method, loss, stopped }] : [],
    ),
    ...(guarantee && { guarantee }),
  };
}

/** One selection of the largest size serves the smaller ones: they are its beginnings. */
async function* compareSelection(
  experiment: Experiment<RunConfig>,
  dense: Dense,
  {
    problem,
    method,
    sizes,
  }: {
    readonly problem: SelectionProblem;
    readonly method: Exclude<Contender, 'scratch'>;
    readonly sizes: readonly number[];
  },
): AsyncGenerator<CompareEvent, Outcome> {
  const { device, config, test, signal } = experiment;
  const { network, parameters } = dense;
  const total = Math.max(...sizes);
  const choice = { ...config, ...contenderChoice(method), picks: total };
  yield progressEvent(method, 0, total);
  const selection = yield* relayed(selectTrained(experiment, dense, choice, problem), (done) =>
    progressEvent(method, done, total),
  );
  const { kept, shares } = selection;
  const reached = sizes.map((size) => Math.min(size, selection.selected.length));
  const prefixes = reached.map((count) => ({
    kept,
    shares: Float32Array.from(shares.subarray((count - 1) * kept.length, count * kept.length)),
  }));
  using scope = new Scope(device);
  const outputs = subnetworkOutputs(scope, network, parameters, prefixes);
  const tests = await evaluateOutputs(network, outputs, test, { loss: config.loss, signal });
  const rows: Comparison[] = [];
  for (const [place, count] of reached.entries()) {
    if (config.refit !== 'none' || config.fineTune > 0) {
      yield { ...progressEvent(method, place, sizes.length), improving: true };
    }
    const distinct = new Set(selection.selected.subarray(0, count)).size;
    // Neurons are kept in the order of their first pick.
    const small = extractSubnetwork(
      parameters,
      kept.subarray(0, distinct),
      prefixes[place]?.shares.subarray(0, distinct) ?? new Float32Array(),
    );
    rows.push({
      method,
      picks: count,
      distinct,
      trainingLoss: selection.loss[count - 1] ?? Number.NaN,
      testLoss: tests[place]?.loss ?? Number.NaN,
      testAccuracy: tests[place]?.accuracy ?? Number.NaN,
      ...(await improve(experiment, small)),
    });
  }
  return { method, rows, loss: selection.loss, stopped: selection.stopped };
}

async function* compareScratch(
  experiment: Experiment<RunConfig>,
  { network }: Dense,
  sizes: readonly number[],
): AsyncGenerator<CompareEvent, Outcome> {
  const { iterations } = experiment.config;
  const rows: Comparison[] = [];
  for (const [place, size] of sizes.entries()) {
    using small = await uploadFirst(experiment, { ...network, width: size });
    yield* relayed(
      train(experiment, small, { options: pretraining(experiment.config), until: iterations }),
      ({ iteration }) =>
        progressEvent('scratch', place * iterations + iteration, sizes.length * iterations),
    );
    const { train: onTrain, test } = await measure(experiment, small);
    rows.push({
      method: 'scratch',
      picks: size,
      distinct: size,
      trainingLoss: onTrain.loss,
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      ...(await improve(experiment, await readParameters(small))),
    });
  }
  return { method: 'scratch', rows };
}

function progressEvent(
  what: 'pre-training' | Contender,
  done: number,
  total: number,
): Extract<CompareEvent, { type: 'progress' }> {
  return { type: 'progress', what, done, total };
}

function requireInput(
  device: Device,
  width: number,
  { config, contenders, sizes, examples }: CompareInput,
): void {
  requireComparable({ config: { ...config, width }, contenders, sizes });
  requireFits(
    device,
    { ...config, width, picks: Math.max(...sizes), rules: contenders },
    examples.train,
    { picks: 'sizes' },
  );
}

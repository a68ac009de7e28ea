import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { type Evaluation, evaluate, evaluateOutputs } from '../models/forward.js';
import { outputOfSubnetwork } from '../models/subnetwork.js';
import {
  drawParameters,
  type Network,
  type Parameters,
  readParameters,
  uploadNetwork,
} from '../models/two-layer.js';
import { type MethodName, type MethodSelection, select } from '../prune/methods.js';
import { exactly, type SelectionProblem } from '../prune/problem.js';
import type { RuleName } from '../prune/rules.js';
import { advance, startTraining } from '../train/gradient-descent.js';
import { methodOptions, selectionProblem, selectTrained, trainFromScratch } from './choose.js';
import type {
  CompareEvent,
  CompareInput,
  CompareSummary,
  Comparison,
  Contender,
  Outcome,
} from './compare-events.js';
import { networkShape, uploadImages } from './examples.js';
import { guaranteedRule, hullGuarantee } from './guarantee.js';
import { exceptGreedyOnly } from './refusals.js';
import { relayed } from './relayed.js';
import { type RunConfig, requireTogether } from './run-config.js';
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
  using train = uploadImages(device, 'training', examples.train, config.task);
  using test = uploadImages(device, 'test', examples.test, config.task);
  const { seed, iterations } = config;
  const first = drawParameters(networkShape(config, config, examples), seed);
  using network = uploadNetwork(device, first);
  using training = startTraining(network, train, config);
  for await (const { iteration } of advance(training, iterations, signal)) {
    yield { type: 'progress', what: 'pre-training', done: iteration, total: iterations };
  }
  return yield* pruneByAll({ network, train, test, iteration: iterations }, input, signal);
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
  parameters: Parameters,
  input: CompareInput,
  signal?: AbortSignal,
): AsyncGenerator<CompareEvent, CompareSummary> {
  const { config, examples } = input;
  requireInput(device, parameters.width, input);
  using train = uploadImages(device, 'training', examples.train, config.task);
  using test = uploadImages(device, 'test', examples.test, config.task);
  using network = uploadNetwork(device, parameters);
  return yield* pruneByAll({ network, train, test, iteration: undefined }, input, signal);
}

/** A trained network and the data to look at it on. */
interface Subject {
  readonly network: Network;
  readonly train: Dataset;
  readonly test: Dataset;
  /** Steps of its training, where that was part of the comparison. */
  readonly iteration: number | undefined;
}

async function* pruneByAll(
  subject: Subject,
  { config, contenders, sizes }: CompareInput,
  signal: AbortSignal | undefined,
): AsyncGenerator<CompareEvent, CompareSummary> {
  const { network, train, test, iteration } = subject;
  const { device } = network;
  const measured = await evaluate(network, train, config.loss, signal);
  const parameters = await readParameters(network);
  const trainingLoss = measured.loss;
  const context: Context = { config, sizes, subject, parameters, trainingLoss, signal };
  using scope = new Scope(device);
  const problem = await selectionProblem(subject, config, scope, signal);
  const outcomes: Outcome[] = [];
  for (const method of contenders) {
    const outcome =
      method === 'scratch'
        ? yield* compareScratch(context)
        : yield* compareSelection(context, problem, method);
    outcomes.push(outcome);
    yield { type: 'compared', ...outcome };
  }
  const applies = guaranteedRule({ ...config, method: 'greedy', rule: 'average' });
  const guarantee =
    iteration !== undefined &&
    contenders.includes('greedy') &&
    'rule' in applies &&
    (await hullGuarantee(device, exactly(problem), applies.rule, Math.max(...sizes), signal));
  return {
    adapter: device.adapter,
    dense: { ...measured, test: await evaluate(network, test, config.loss, signal) },
    rows: outcomes.flatMap(({ rows }) => [
      ...new Map(rows.map((row) => [row.picks, row])).values(),
    ]),
    curves: outcomes.flatMap(({ method, loss, stopped }) =>
      loss && stopped ? [{ method, loss, stopped }] : [],
    ),
    ...(guarantee && { guarantee }),
  };
}

interface Context {
  readonly config: RunConfig;
  readonly sizes: readonly number[];
  readonly subject: Subject;
  readonly parameters: Parameters;
  readonly trainingLoss: number;
  readonly signal: AbortSignal | undefined;
}

/** One selection of the largest size serves the smaller ones: they are its beginnings. */
async function* compareSelection(
  { config, sizes, subject, parameters, trainingLoss, signal }: Context,
  problem: SelectionProblem,
  method: Exclude<Contender, 'scratch'>,
): AsyncGenerator<CompareEvent, Outcome> {
  const { network, test, iteration } = subject;
  const total = Math.max(...sizes);
  const options = methodOptions(
    { ...config, ...contenderChoice(method), picks: total },
    { trainingLoss, hidden: async () => parameters.hidden, signal },
  );
  const { device } = network;
  const picks =
    iteration === undefined
      ? select(device, problem, options)
      : selectTrained(device, problem, options, {
          iteration,
          learningRate: config.learningRate,
          activation: network.activation,
        });
  yield { type: 'progress', what: method, done: 0, total };
  const selection = yield* relayed(picks, (done): CompareEvent => {
    return { type: 'progress', what: method, done, total };
  });
  const reached = sizes.map((size) => Math.min(size, selection.selected.length));
  const tests = await testPrefixes(network, parameters, selection, reached, test, config, signal);
  const rows = reached.map((count, index) => ({
    method,
    picks: count,
    distinct: new Set(selection.selected.subarray(0, count)).size,
    trainingLoss: selection.loss[count - 1] ?? Number.NaN,
    testLoss: tests[index]?.loss ?? Number.NaN,
    testAccuracy: tests[index]?.accuracy ?? Number.NaN,
  }));
  return { method, rows, loss: selection.loss, stopped: selection.stopped };
}

/** The subnetworks after some of a selection's picks, on the test data in one pass. */
async function testPrefixes(
  network: Network,
  parameters: Parameters,
  { kept, shares }: MethodSelection,
  counts: readonly number[],
  test: Dataset,
  { loss }: RunConfig,
  signal: AbortSignal | undefined,
): Promise<readonly Evaluation[]> {
  using scope = new Scope(network.device);
  const n = kept.length;
  const layers = counts.map((count) => {
    const row = Float32Array.from(shares.subarray((count - 1) * n, count * n));
    const output = outputOfSubnetwork(parameters, kept, row);
    return scope.matrix('compared output.weight', network.width, network.outputs, output);
  });
  return await evaluateOutputs(network, layers, test, loss, signal);
}

async function* compareScratch(context: Context): AsyncGenerator<CompareEvent, Outcome> {
  const { config, sizes, subject, signal } = context;
  const { device } = subject.network;
  const total = sizes.length * config.iterations;
  const rows: Comparison[] = [];
  for (const [place, size] of sizes.entries()) {
    const settings = { ...config, picks: size };
    const trained = trainFromScratch(subject, settings, config.iterations, signal);
    const small = yield* relayed(trained, ({ iteration }): CompareEvent => {
      const done = place * config.iterations + iteration;
      return { type: 'progress', what: 'scratch', done, total };
    });
    using network = uploadNetwork(device, small);
    const onTrain = await evaluate(network, subject.train, config.loss, signal);
    const onTest = await evaluate(network, subject.test, config.loss, signal);
    rows.push({
      method: 'scratch',
      picks: size,
      distinct: size,
      trainingLoss: onTrain.loss,
      testLoss: onTest.loss,
      testAccuracy: onTest.accuracy,
    });
  }
  return { method: 'scratch', rows };
}

/** @throws bad-config for methods named twice, sizes out of order, and what does not go together. */
export function requireComparable({
  config,
  contenders,
  sizes,
}: Pick<CompareInput, 'config' | 'contenders' | 'sizes'>): void {
  if (sizes.length === 0 || sizes.some((size, at) => size <= (sizes[at - 1] ?? 0))) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'sizes',
      given: sizes,
      allowed: 'ascending whole numbers from 1 on',
    });
  }
  const twice = contenders.find((name, at) => contenders.indexOf(name) !== at);
  if (twice || contenders.length === 0) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'methods',
      given: contenders,
      allowed: 'a list of methods, each named once',
    });
  }
  const choices = contenders.map((name) =>
    name === 'scratch' ? { method: name, rule: 'average' } : contenderChoice(name),
  );
  const greedy = choices.some(({ method }) => method === 'greedy');
  requireTogether({
    // A run's configuration may be compared with methods that have no use for all of it.
    ...(greedy ? config : exceptGreedyOnly(config)),
    method: choices.map(({ method }) => method),
    rule: choices.map(({ rule }) => rule),
    picks: sizes,
  });
}

/** How a contender picks: greedy selection has one for each rule. */
function contenderChoice(contender: Exclude<Contender, 'scratch'>): {
  readonly method: MethodName;
  readonly rule: RuleName;
} {
  return contender === 'line-search' || contender === 'corrective'
    ? { method: 'greedy', rule: contender }
    : { method: contender, rule: 'average' };
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

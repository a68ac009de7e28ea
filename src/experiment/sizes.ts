import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import { evaluateOutputs } from '../models/forward.js';
import { extractSubnetwork } from '../models/subnetwork.js';
import {
  type TwoLayerNetwork,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../models/two-layer.js';
import type { RefitName } from '../prune/choices.js';
import { exactly, type Selection } from '../prune/problem.js';
import { firstNeurons, neuronStatistics, refitByStatistics } from '../prune/refit.js';
import { turn } from '../turn.js';
import type { Examples } from './examples.js';
import { type Experiment, openExperiment } from './experiment.js';
import { type Performance, performanceOf } from './improve.js';
import { MOST_REFITTED, refitNetwork } from './refit.js';
import type { RunConfig } from './run-config.js';
import { selectionProblem } from './select.js';

/** A selection, and the network and the examples that it was made from. */
export interface SizesInput {
  readonly config: RunConfig;
  readonly examples: Examples;
  readonly network: TwoLayerParameters;
  readonly selection: Pick<Selection, 'selected' | 'kept' | 'shares'>;
}

/** The subnetwork of a selection's first picks, and how well it does. */
export interface Size extends Performance {
  /** The most picks that come with these neurons. */
  readonly picks: number;
  /** Neurons in the order of their first pick. All sizes share the memory of `hidden`. */
  readonly network: TwoLayerParameters;
}

/** A selection at every number of neurons, ascending; of more than 128, at as many. */
export interface Sizes {
  /** Each weighted as it was picked. */
  readonly picked: readonly Size[];
  /** Each with its output weights refitted; absent where the configuration has no refit. */
  readonly refitted?: readonly Size[];
  /** The whole network refitted alike; absent, too, where it has more than 1,024 neurons. */
  readonly denseRefitted?: Performance;
}

const MOST_SIZES = 128;

/**
 * Measures the subnetworks of a selection's first 1, 2, … neurons. Picks are nested, so that one
 * selection serves them all. The last has the figures of a run with this configuration.
 *
 * @throws what an evaluation throws; aborted between sizes when the signal fires.
 */
export async function measureSizes(
  device: Device,
  { config, examples, network, selection }: SizesInput,
  signal?: AbortSignal,
): Promise<Sizes> {
  using experiment = await openExperiment(device, config, examples, signal);
  const beginnings = nestedSubnetworks(network, selection);
  const whole = beginnings.at(-1)?.network;
  if (!whole) throw new RangeError('A selection without a pick has no sizes.');
  using shared = uploadTwoLayer(device, whole);
  const picked = await withPerformances(experiment, shared, beginnings);
  const { refit } = config;
  if (refit === 'none') return { picked };
  const refitted = await withPerformances(
    experiment,
    shared,
    await refittedAlone(experiment, shared, beginnings, refit),
  );
  const dense = await refittedWhole(experiment, network, refit);
  return { picked, refitted, ...(dense && { denseRefitted: dense }) };
}

type Beginning = Pick<Size, 'picks' | 'network'>;

/** The subnetworks of the first picks, one for each number of neurons. */
function nestedSubnetworks(
  network: TwoLayerParameters,
  { selected, kept, shares }: SizesInput['selection'],
): readonly Beginning[] {
  const { hidden } = extractSubnetwork(network, kept, new Float32Array(kept.length));
  const seen = new Set<number>();
  const lastPicks: number[] = [];
  for (const [place, neuron] of selected.entries()) {
    seen.add(neuron);
    lastPicks[seen.size - 1] = place + 1;
  }
  return spread(kept.length).map((width) => {
    const picks = lastPicks[width - 1] ?? 0;
    const first = (picks - 1) * kept.length;
    const own = Float32Array.from(shares.subarray(first, first + width));
    const small = extractSubnetwork(network, kept.subarray(0, width), own);
    return { picks, network: { ...small, hidden: hidden.subarray(0, small.hidden.length) } };
  });
}

/** 1 to n; of more than `MOST_SIZES`, as many at equal distances. */
function spread(n: number): readonly number[] {
  const count = Math.min(n, MOST_SIZES);
  return Array.from({ length: count }, (_, i) =>
    count < 2 ? n : Math.round(1 + (i * (n - 1)) / (count - 1)),
  );
}

/** Each with its output weights refitted, as if there were no other. */
async function refittedAlone(
  { device, signal, ...experiment }: Experiment,
  shared: TwoLayerNetwork,
  beginnings: readonly Beginning[],
  refit: Exclude<RefitName, 'none'>,
): Promise<readonly Beginning[]> {
  using scope = new Scope(device);
  const problem = await selectionProblem({ device, signal, ...experiment }, shared, scope);
  const statistics = await neuronStatistics(device, exactly(problem), signal);
  const refitted: Beginning[] = [];
  for (const { picks, network } of beginnings) {
    await turn(signal);
    const { width, output } = network;
    const weights = refitByStatistics(firstNeurons(statistics, width), output, refit);
    const scaled = Float32Array.from(weights, (weight) => width * weight);
    refitted.push({ picks, network: { ...network, output: scaled } });
  }
  return refitted;
}

/** @param shared the widest of them, with whose hidden layer all are measured in one pass. */
async function withPerformances(
  { device, config: { loss }, train, test, signal }: Experiment,
  shared: TwoLayerNetwork,
  beginnings: readonly Beginning[],
): Promise<readonly Size[]> {
  using scope = new Scope(device);
  const { width: n, outputs } = shared;
  const layers = beginnings.map(({ network: { width, output } }) => {
    const data = new Float32Array(n * outputs);
    data.set(output.map((weight) => (weight * n) / width));
    return scope.matrix('output.weight of a size', [n, outputs], { data });
  });
  const training = await evaluateOutputs(shared, layers, train, { loss, signal });
  const tests = await evaluateOutputs(shared, layers, test, { loss, signal });
  return beginnings.map((beginning, place) => ({
    ...beginning,
    trainingLoss: training[place]?.loss ?? Number.NaN,
    testLoss: tests[place]?.loss ?? Number.NaN,
    testAccuracy: tests[place]?.accuracy ?? Number.NaN,
  }));
}

async function refittedWhole(
  experiment: Experiment,
  parameters: TwoLayerParameters,
  refit: Exclude<RefitName, 'none'>,
): Promise<Performance | undefined> {
  if (parameters.width > MOST_REFITTED) return undefined;
  using network = uploadTwoLayer(experiment.device, parameters);
  await refitNetwork(experiment, network, refit);
  return await performanceOf(experiment, network);
}

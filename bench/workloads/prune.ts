import { PREPROCESSINGS } from '../../src/data/pictures.js';
import { positionOfUnit } from '../../src/experiment/model/prune/consumers.js';
import { unitOfNetwork } from '../../src/experiment/model/prune/cut-unit.js';
import type { PruneInput, UnitCurve } from '../../src/experiment/model/prune/events.js';
import { liveMaps, mapsFrom } from '../../src/experiment/model/prune/frontier.js';
import { answersForCurves } from '../../src/experiment/model/prune/measure-curves.js';
import {
  measureUnit,
  type UnitMeasurement,
} from '../../src/experiment/model/prune/measure-unit.js';
import { pruneNetwork } from '../../src/experiment/model/prune/prune.js';
import {
  type Pruning,
  preparePruning,
  startWalk,
} from '../../src/experiment/model/prune/pruning.js';
import { finalResult } from '../../src/experiment/relay.js';
import { cutNetwork } from '../../src/graph/cut.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { selectGroups } from '../../src/prune/channels/group.js';
import { refitWeights } from '../../src/prune/channels/refit.js';
import { channelsOfUnit } from '../../src/prune/channels/statistics.js';
import {
  type Benchmark,
  type Contender,
  type ContestContext,
  type Cost,
  workload,
} from '../benchmark.js';
import { timeRuns } from '../sampling.js';
import { requireDivergence, requirePruned, requireSameAnswers } from './prune-answers.js';
import { requireBestPicks, requireNormalEquations, requireSums } from './prune-checks.js';
import {
  curvesCost,
  cutCost,
  refitCost,
  selectionCost,
  statisticsCost,
  wholeCost,
} from './prune-cost.js';
import { curveOfUnit, halfOfUnit, type PreparedUnit, type PruneSetup } from './prune-setup.js';
import { drawPictures } from './random-pictures.js';

/** A ResNet for CIFAR-10, its inner units cut to half of its multiply-adds by so many pictures. */
type PruneShape = {
  readonly depth: 8 | 20;
  readonly images: number;
  /** Rows and columns. */
  readonly size: number;
};

/**
 * All of a pruning, and its phases alone, each over all units: the sums over patches, with the way of
 * the pictures through the network; the answers' divergence at eight numbers of channels a unit; the
 * order of the channels; the consumers' weights for half of them; the smaller network.
 */
const PHASES = ['whole', 'statistics', 'curves', 'selection', 'refit', 'cut'] as const;
type Phase = (typeof PHASES)[number];

const SEED = 0;
/** A pruning takes long enough that the verified one and one a turn are enough. */
const LEAST_RUNS = 1;

/** Pruning a network with the weights of a beginning: what they are takes no part in the time. */
export const prune: Benchmark = workload<PruneShape>({
  name: 'prune',
  seconds: 6,
  shapes: [
    { depth: 20, images: 64, size: 32 },
    { depth: 8, images: 64, size: 16 },
  ],
  hardwareShapes: [{ depth: 20, images: 1000, size: 32 }],
  variants: PHASES,
  needsSource: false,
  contend: async (context, shape) => {
    const setup = await context.share(() => setUp(context, shape));
    return contenders[context.variant as Phase](setup);
  },
});

const contenders: Readonly<Record<Phase, (setup: PruneSetup) => Contender>> = {
  whole: (setup) =>
    contender({
      once: () => finalResult(pruneNetwork(setup.pruning.device, setup.pruning.input)),
      check: (summary) => requirePruned(setup, summary),
      cost: () => wholeCost(setup),
    }),
  statistics: (setup) =>
    contender({
      once: () => measureAll(setup.pruning),
      check: (found) => requireSums(setup, found),
      cost: () => statisticsCost(setup),
    }),
  curves: (setup) =>
    contender({
      once: () => measureCurves(setup),
      check: (curves) => requireDivergence(setup, curves),
      cost: () => curvesCost(setup),
    }),
  selection: (setup) =>
    contender({
      once: async () => setup.units.map(({ measurements }) => orderOfChannels(measurements)),
      check: (orders) => requireBestPicks(setup, orders),
      cost: () => selectionCost(setup),
    }),
  refit: (setup) =>
    contender({
      once: async () => setup.units.map(refitHalf),
      check: (weights) => requireNormalEquations(setup, weights),
      cost: () => refitCost(setup),
    }),
  cut: (setup) =>
    contender({
      once: async () => cutNetwork(setup.pruning.folded, setup.units.map(halfOfUnit)),
      check: (network) => requireSameAnswers(setup, network),
      cost: () => cutCost(setup),
    }),
};

interface PhaseWork<Found> {
  readonly once: () => Promise<Found>;
  /** @throws when what was found is wrong. */
  readonly check: (found: Found) => string | Promise<string>;
  readonly cost: () => Cost;
}

function contender<Found>({ once, check, cost }: PhaseWork<Found>): Contender {
  return {
    verify: async () => check(await once()),
    time: (seconds) => timeRuns(once, seconds, LEAST_RUNS),
    cost,
  };
}

async function setUp(context: ContestContext, shape: PruneShape): Promise<PruneSetup> {
  const { device, signal, own } = context;
  const pruning = preparePruning(device, resnetToPrune(shape), signal);
  const { graph } = pruning.folded;
  using walk = await startWalk(pruning);
  const start = walk.at(pruning.folded);
  const answers = await answersForCurves(pruning, start);
  const units: PreparedUnit[] = [];
  for (const { name } of pruning.units) {
    const unit = unitOfNetwork(pruning.folded, name);
    const position = positionOfUnit(graph, unit);
    const names = liveMaps(graph, position);
    const frontier = own(await mapsFrom(device, start, { names, position, signal }));
    const place = { network: pruning.folded, frontier };
    const measurements = await measureUnit(device, { unit, cut: place, signal });
    units.push({ unit, place, measurements, order: orderOfChannels(measurements) });
  }
  const { channels: classes = 1 } = inferShapes(graph).get(graph.output) ?? {};
  return { pruning, answers, classes, units };
}

/** The sums of all units of the dense network, the pictures on their way through it. */
async function measureAll({ device, folded, units, signal, ...pruning }: Pruning) {
  using walk = await startWalk({ device, folded, units, signal, ...pruning });
  const found: (readonly UnitMeasurement[])[] = [];
  for (const { name } of units) {
    const cut = await walk.to(folded, name);
    const unit = unitOfNetwork(folded, name);
    found.push(await measureUnit(device, { unit, cut, signal }));
  }
  return found;
}

async function measureCurves(setup: PruneSetup): Promise<readonly UnitCurve[]> {
  const curves: UnitCurve[] = [];
  for (const unit of setup.units) curves.push(await curveOfUnit(setup, unit, setup.answers));
  return curves;
}

function orderOfChannels(measurements: readonly UnitMeasurement[]): Uint32Array {
  const consumers = measurements.map(({ statistics }) => statistics);
  return selectGroups(consumers, channelsOfUnit(consumers)).order;
}

/** W_S of every consumer for the better half of the channels. */
function refitHalf(unit: PreparedUnit): readonly Float64Array[] {
  const { kept } = halfOfUnit(unit);
  return unit.measurements.map(({ statistics }) => refitWeights(statistics, kept).weights);
}

function resnetToPrune({ depth, images, size }: PruneShape): PruneInput {
  const graph = buildArchitecture(`resnet${depth}`, {
    input: { channels: 3, height: size, width: size },
  });
  return {
    network: { graph, weights: drawWeights(graph, SEED) },
    calibration: drawPictures(images, size, SEED),
    preprocessing: PREPROCESSINGS.unit,
    options: {
      criterion: 'group',
      refit: 'weights',
      sharing: 'measured',
      units: 'inner',
      budget: { of: 'multiplyAdds', share: 0.5 },
      roundTo: 1,
      least: 1,
      seed: SEED,
    },
  };
}

import { throwIfAborted } from '../../../errors.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { Scope } from '../../../gpu/scope.js';
import { inferShapes } from '../../../graph/shapes.js';
import type { Unit } from '../../../graph/units.js';
import { prepareActivate } from '../../../kernels/activate.js';
import type { FeatureMap } from '../../../kernels/feature-map.js';
import { prepareGatherColumns } from '../../../kernels/gather-columns.js';
import { prepareSegment, type Segment } from '../../../layers/segment.js';
import {
  type PatchProducts,
  type PatchTotals,
  preparePatchProducts,
} from '../../../prune/channels/patch-products.js';
import type { PositionPlan, PositionRequest } from '../../../prune/channels/positions.js';
import {
  type ChannelStatistics,
  requireStatistics,
  statisticsOfUnit,
} from '../../../prune/channels/statistics.js';
import { planReading, type Reading, readingsOfUnit, weightsByRow } from './consumers.js';
import { type Calibrated, encodeSegment } from './frontier.js';

export interface MeasureRequest {
  readonly unit: Unit;
  /** The network as cut so far. */
  readonly cut: Calibrated;
  /** As it was, at the same place: what the consumers should give. Left out while nothing is cut. */
  readonly dense?: Calibrated | undefined;
  /** Channels of a map of the dense network that the cut one lacks; none by default. */
  readonly cutChannels?: (map: string) => ReadonlySet<number>;
  /** How many output positions of a picture are summed at most, drawn by the seed; all by default. */
  readonly sampled?: Omit<PositionRequest, 'purpose'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface UnitMeasurement {
  readonly reading: Reading;
  readonly statistics: ChannelStatistics;
  /** W of all that the consumer reads [rows × O], and which rows belong to each channel. */
  readonly weights: Float64Array;
  readonly rows: readonly (readonly number[])[];
  /** The output positions that are summed, where a sample was asked for. */
  readonly positions?: PositionPlan | undefined;
}

/**
 * What the consumers of a unit read, summed over the calibration images.
 *
 * @throws bad-data where an activation is not finite; aborted between chunks of images.
 */
export async function measureUnit(
  device: Device,
  { unit, cut, dense, cutChannels, sampled, signal }: MeasureRequest,
): Promise<readonly UnitMeasurement[]> {
  const { graph, weights } = cut.network;
  const shapes = inferShapes(graph);
  const readings = readingsOfUnit(graph, shapes, unit);
  using scope = new Scope(device);
  const images = cut.frontier.chunks[0]?.images ?? 1;
  const targets = readings.map(({ target }) => target);
  using own = await prepareSegment(device, cut.network, {
    images,
    given: cut.frontier.names,
    wanted: [...new Set([...readings.map(({ input }) => input), ...(dense ? targets : [])])],
  });
  using whole =
    dense &&
    (await prepareSegment(device, dense.network, {
      images,
      given: dense.frontier.names,
      wanted: [...new Set(targets)],
    }));
  const plans = readings.map(
    (reading) => sampled && planReading(reading, own.map(reading.input), sampled),
  );
  const products: PatchProducts[] = [];
  try {
    const encoders: Encode[] = [];
    const errors = new Map<string, FeatureMap>();
    for (const target of whole ? new Set(targets) : []) {
      const missing = await prepareMissing(device, scope, {
        target,
        is: own.map(target),
        was: (whole as Segment).map(target),
        cut: cutChannels?.(target) ?? new Set(),
      });
      errors.set(target, missing.map);
      encoders.push(missing.encode);
    }
    for (const [at, reading] of readings.entries()) {
      const { input, target, group } = reading;
      const { sample } = plans[at] ?? {};
      const error = errors.get(target);
      const [read, missing] = await Promise.all([
        prepareGroup(device, scope, { name: input, map: own.map(input), group }),
        error && prepareGroup(device, scope, { name: `error of ${target}`, map: error, group }),
      ]);
      const request = { ...reading, input: read.map, error: missing?.map, sample };
      const product = await preparePatchProducts(device, request);
      products.push(product);
      for (const part of [read, missing, product]) if (part) encoders.push(part.encode);
    }
    for (const [index, chunk] of cut.frontier.chunks.entries()) {
      const commands = new Commands(device);
      encodeSegment(commands, own, chunk);
      const other = dense?.frontier.chunks[index];
      if (whole && other) encodeSegment(commands, whole, other);
      for (const encode of encoders) encode(commands, chunk.images);
      await commands.finish();
      for (const product of products) await product.collect();
      throwIfAborted(signal);
    }
    return readings.map((reading, at) => {
      const taps = reading.kernel[0] * reading.kernel[1];
      const rows = reading.places.map((places) =>
        places.flatMap((place) => Array.from({ length: taps }, (_, tap) => place * taps + tap)),
      );
      const byRow = weightsByRow(weights, reading);
      const totals = weighed((products[at] as PatchProducts).totals(), plans[at]);
      const statistics = statisticsOfUnit(totals, byRow, rows);
      requireStatistics(statistics, unit.name);
      return { reading, statistics, weights: byRow, rows, positions: plans[at] };
    });
  } finally {
    for (const product of products) product.dispose();
  }
}

/** Sums over a sample stand for all positions: beside another consumer's they weigh as they would without it. */
function weighed(totals: PatchTotals, plan: PositionPlan | undefined): PatchTotals {
  if (!plan?.sample) return totals;
  const weight = plan.positions / plan.taken;
  const times = (value: number) => weight * value;
  return {
    ...totals,
    gram: totals.gram.map(times),
    ...(totals.errorProduct && { errorProduct: totals.errorProduct.map(times) }),
    errorEnergy: times(totals.errorEnergy),
  };
}

/** Encodes work on so many images. */
type Encode = (commands: Commands, images: number) => void;

interface Prepared {
  readonly map: FeatureMap;
  readonly encode: Encode;
}

/** The channels of a map that one group of a convolution reads or gives: the map itself where there is but one. */
async function prepareGroup(
  device: Device,
  scope: Scope,
  {
    name,
    map,
    group: { index, of },
  }: { readonly name: string; readonly map: FeatureMap; readonly group: Reading['group'] },
): Promise<Prepared> {
  if (of === 1) return { map, encode: () => undefined };
  const { rows, columns } = map.matrix;
  const size = columns / of;
  const channels = Array.from({ length: size }, (_, channel) => index * size + channel);
  const block = scope.matrix(`group ${index} of ${name}`, [rows, size]);
  const gather = await prepareGatherColumns(device, {
    activations: map.matrix,
    indices: scope.bufferFrom(`channels of group ${index}`, Uint32Array.of(size, ...channels)),
    block,
  });
  return {
    map: { ...map, matrix: block },
    encode: (commands, images) =>
      gather(commands, { first: 0, m: images * map.height * map.width }),
  };
}

interface Target {
  readonly target: string;
  readonly is: FeatureMap;
  readonly was: FeatureMap;
  /** Channels of `was` that `is` lacks. */
  readonly cut: ReadonlySet<number>;
}

/** E: the dense network's target less that of the network as it is. */
async function prepareMissing(
  device: Device,
  scope: Scope,
  { target, is, was, cut }: Target,
): Promise<Prepared> {
  const { rows, columns } = is.matrix;
  const map: FeatureMap = { ...is, matrix: scope.matrix(`error of ${target}`, [rows, columns]) };
  if (cut.size === 0) {
    const run = await prepareActivate(device, { input: was, subtrahend: is, output: map });
    return { map, encode: (commands, images) => run(commands, { images }) };
  }
  const left = [...Array(was.matrix.columns).keys()].filter((channel) => !cut.has(channel));
  const kept: FeatureMap = { ...is, matrix: scope.matrix(`kept of ${target}`, [rows, columns]) };
  const gather = await prepareGatherColumns(device, {
    activations: was.matrix,
    indices: scope.bufferFrom(`channels of ${target}`, Uint32Array.of(left.length, ...left)),
    block: kept.matrix,
  });
  const run = await prepareActivate(device, { input: kept, subtrahend: is, output: map });
  return {
    map,
    encode: (commands, images) => {
      gather(commands, { first: 0, m: images * is.height * is.width });
      run(commands, { images });
    },
  };
}

import { mapsFrom } from '../../src/experiment/model/prune/frontier.js';
import type { UnitMeasurement } from '../../src/experiment/model/prune/measure-unit.js';
import { readFloats } from '../../src/gpu/buffer.js';
import { rowStride } from '../../src/gpu/matrix.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { windowPositions } from '../../src/kernels/window.js';
import { refitWeights } from '../../src/prune/channels/refit.js';
import { gramRidge, rowsOfChannels } from '../../src/prune/channels/statistics.js';
import { sumBound } from '../../src/reference/bound.js';
import { requireWithin, spread } from '../check.js';
import { halfOfUnit, type PreparedUnit, type PruneSetup } from './prune-setup.js';

// How the sums of a pruning, and what is found from them, are judged before they are timed.

/** So many rows of each Q are summed again, against as many. */
const CHECKED_ROWS = 5;

/**
 * A sample of each Q against the same sums in float64, of the maps that the consumers read.
 *
 * @throws when one is outside its bound.
 */
export async function requireSums(
  setup: PruneSetup,
  found: readonly (readonly UnitMeasurement[])[],
): Promise<string> {
  for (const [at, own] of setup.units.entries()) {
    for (const { reading, statistics } of found[at] ?? []) {
      const map = await readMap(setup, own, reading.input);
      const rows = spread(statistics.channels * statistics.taps, CHECKED_ROWS);
      const pairs = rows.flatMap((row) => rows.map((column) => [row, column] as const));
      const size = statistics.channels * statistics.taps;
      requireWithin(
        pairs.map(([row, column]) => statistics.gram[row * size + column] ?? Number.NaN),
        gramSample(map, reading, pairs),
        `the sums of ${own.unit.name}`,
      );
    }
  }
  return `${CHECKED_ROWS ** 2} sums of each unit within their bound`;
}

interface ReadMap {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** [images, rows, columns, stride] */
  readonly data: Float32Array;
  readonly stride: number;
}

async function readMap(
  { pruning: { device } }: PruneSetup,
  { place }: PreparedUnit,
  name: string,
): Promise<ReadMap> {
  const { position } = place.frontier;
  using maps = await mapsFrom(device, place, { names: [name], position });
  const shape = inferShapes(place.network.graph).get(name);
  if (!shape) throw new RangeError(`There is no map "${name}".`);
  const stride = rowStride(shape.channels);
  const blocks = await Promise.all(
    maps.chunks.map(async ({ images, maps: own }) => {
      const buffer = own.get(name);
      if (!buffer) throw new RangeError(`There is no map "${name}".`);
      return [...(await readFloats(buffer, 0, images * shape.height * shape.width * stride))];
    }),
  );
  const images = maps.chunks.reduce((sum, chunk) => sum + chunk.images, 0);
  return { ...shape, images, data: Float32Array.from(blocks.flat()), stride };
}

/**
 * Σ over pictures and positions of two entries of a patch, and how far a float32 sum may lie off. Where
 * Q is put together from the map's products less those along its edges, each of the four sums has no
 * more products than the whole map, whose magnitudes Cauchy and Schwarz bound.
 */
function gramSample(
  map: ReadMap,
  { kernel, stride, padding }: UnitMeasurement['reading'],
  pairs: readonly (readonly [number, number])[],
) {
  const { images, height, width, data, stride: row } = map;
  const extent = windowPositions({ kernel, stride, padding }, map);
  const taps = kernel[0] * kernel[1];
  const entry = (index: number) => {
    const tap = index % taps;
    const channel = Math.floor(index / taps);
    return (image: number, u: number, v: number) => {
      const y = u * stride[0] - padding.top + Math.floor(tap / kernel[1]);
      const x = v * stride[1] - padding.left + (tap % kernel[1]);
      const outside = y < 0 || x < 0 || y >= height || x >= width;
      return outside ? 0 : (data[((image * height + y) * width + x) * row + channel] as number);
    };
  };
  const squares = (index: number) => {
    let sum = 0;
    const first = Math.floor(index / taps);
    for (let at = first; at < data.length; at += row) sum += (data[at] as number) ** 2;
    return sum;
  };
  const value = pairs.map(([one, other]) => {
    const [a, b] = [entry(one), entry(other)];
    let sum = 0;
    for (let image = 0; image < images; image++) {
      for (let u = 0; u < extent.height; u++) {
        for (let v = 0; v < extent.width; v++) sum += a(image, u, v) * b(image, u, v);
      }
    }
    return sum;
  });
  const bound = pairs.map(([one, other]) =>
    sumBound(images * height * width, 4 * Math.sqrt(squares(one) * squares(other))),
  );
  return { value: Float64Array.from(value), bound: Float64Array.from(bound) };
}

/** Picks that are held against every other candidate. */
const CHECKED_PICKS = [0, 1, 5];
/** Share of the energy by which a pick may be worse than the best. */
const PICK_TOLERANCE = 1e-5;

/** Some picks of each unit against a refit with every candidate. @throws when one was not the best. */
export function requireBestPicks({ units }: PruneSetup, orders: readonly Uint32Array[]): string {
  units.forEach(({ unit, measurements }, at) => {
    const order = orders[at] ?? new Uint32Array();
    const consumers = measurements.map(({ statistics }) => statistics);
    const energy = consumers.reduce((sum, own) => sum + own.energy, 0);
    const lossWith = (kept: readonly number[]) =>
      consumers.reduce((sum, own) => sum + refitWeights(own, kept).loss, 0);
    for (const pick of CHECKED_PICKS.filter((own) => own < unit.channels)) {
      const [before, open] = [[...order.subarray(0, pick)], [...order.subarray(pick)]];
      const losses = open.map((channel) => lossWith([...before, channel]));
      const least = Math.min(...losses);
      const own = losses[0] ?? Number.NaN;
      if (own <= least + PICK_TOLERANCE * energy) continue;
      throw new Error(`${unit.name}: pick ${pick} leaves ${own}, where ${least} is possible`);
    }
  });
  return `picks ${CHECKED_PICKS.map((pick) => pick + 1).join(', ')} of each unit are the best by a refit with every candidate`;
}

/**
 * What the weights leave of (Q_SS + λI) W = R_S. A Cholesky factor of n rows solves a system whose
 * matrix is off by γ_(3n+1) |L||Lᵀ| at most (Higham, Accuracy and Stability of Numerical Algorithms,
 * theorem 10.4), and |L||Lᵀ| by √(Q_ii Q_jj).
 *
 * @throws when more is left than that.
 */
export function requireNormalEquations(
  { units }: PruneSetup,
  weights: readonly (readonly Float64Array[])[],
): string {
  units.forEach((own, at) => {
    own.measurements.forEach(({ statistics }, consumer) => {
      const { gram, correlation, channels, taps, outputs } = statistics;
      const found = weights[at]?.[consumer] ?? new Float64Array();
      const rows = [...rowsOfChannels(halfOfUnit(own).kept, taps)];
      const ridge = gramRidge(statistics);
      const q = (row: number, column: number) =>
        (gram[row * channels * taps + column] as number) + (row === column ? ridge : 0);
      const unit = (3 * rows.length + 1) * 2 ** -53;
      const value = rows.map((row) => correlation[row * outputs] as number);
      const through = rows.map((row) =>
        rows.reduce((sum, column, j) => sum + q(row, column) * (found[j * outputs] as number), 0),
      );
      const bound = rows.map((row) => {
        const reach = rows.reduce((sum, column, j) => {
          const scale = Math.sqrt(q(row, row) * q(column, column));
          return sum + scale * Math.abs(found[j * outputs] as number);
        }, 0);
        // As much again for the sum that is held against R here.
        return (2 * unit * reach) / (1 - unit);
      });
      requireWithin(
        through,
        { value: Float64Array.from(value), bound: Float64Array.from(bound) },
        `the normal equations of ${own.unit.name}`,
      );
    });
  });
  return 'the first output of each unit solves its normal equations';
}

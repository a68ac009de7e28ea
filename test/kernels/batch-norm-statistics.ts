import { requireWithin } from '../../bench/check.js';
import { MOMENT_ROWS } from '../../shaders/channel-moments.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import {
  type BatchNormStatisticsCall,
  prepareBatchNormStatistics,
} from '../../src/kernels/batch-norm-statistics.js';
import { momentRows, prepareChannelMoments } from '../../src/kernels/channel-moments.js';
import { ROW_WALK_VARIANTS, sumsWalk } from '../../src/kernels/row-walk.js';
import { batchNormStatisticsReference } from '../../src/reference/batch-norm-statistics.js';
import { mergedMoments, momentsOfOne } from '../../src/reference/channel-moments.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

interface Spec {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly call?: BatchNormStatisticsCall;
  readonly mean?: number;
  readonly deviation?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1, 1] },
  { shape: [2, 3, 3, 5], call: { momentum: 0.25 } },
  { shape: [3, 13, 17, 7], call: { images: 2 } },
  // More slices on hardware than threads merge them.
  { shape: [3, 31, 29, 1], call: {} },
  { shape: [5, 16, 16, 16], mean: 1000, deviation: 0.1 },
  { shape: [1, 29, 31, 13], mean: -3, deviation: 1e-3 },
  { shape: [2, 23, 19, 67], call: { momentum: 1 } },
];

/** From a map on, through its moments, so that what is judged is mean and variance themselves. */
export const batchNormStatisticsCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) => {
    const { shape, call = {}, mean = 0.5, deviation = 1 } = spec;
    const [count, height, width, channels] = shape;
    const { images = count, momentum = 0.1 } = call;
    const name = `batch-norm-statistics ${variant} ${shape.join(' × ')} ${JSON.stringify(call)}, ${mean} ± ${deviation}`;
    return memoryCase(name, async (device, memory) => {
      const values = randomNumbers(count * height * width * channels, 1).map(
        (x) => mean + deviation * x,
      );
      const before = randomNumbers(2 * channels, 2);
      const input = memory.map({ images: count, height, width, channels }, values);
      const mapOfRows = (rows: number) => ({ images: rows, height: 1, width: 1, channels });
      const moments = memory.map(mapOfRows(momentRows(input, variant))).matrix;
      const statistics = memory.map(mapOfRows(2));
      const running = memory.map(mapOfRows(2), before).matrix;
      const summed = await prepareChannelMoments(device, { input, moments, variant });
      const merged = await prepareBatchNormStatistics(device, {
        input,
        moments,
        statistics: statistics.matrix,
        running,
        variant,
      });
      const commands = new Commands(device);
      summed(commands, { images });
      merged(commands, call);
      await commands.finish();
      const rows = images * height * width;
      const { slices, slice_rows } = sumsWalk(input, variant, images);
      const merges = Math.ceil(slice_rows / MOMENT_ROWS) + MOMENT_ROWS + slices;
      const reference = batchNormStatisticsReference({
        channels: Array.from({ length: channels }, (_, c) => {
          const shift = values[c] ?? Number.NaN;
          const numbers = Array.from({ length: rows }, (_, row) =>
            momentsOfOne((values[row * channels + c] ?? Number.NaN) - shift),
          );
          return {
            shift,
            slices: [mergedMoments(numbers, merges)],
            runningMean: before[c] ?? Number.NaN,
            runningVariance: before[channels + c] ?? Number.NaN,
          };
        }),
        momentum: Math.fround(momentum),
      });
      requireWithin(await writtenValues(statistics), reference.statistics);
      requireWithin(await readOwnValues(running), reference.running);
    });
  }),
);

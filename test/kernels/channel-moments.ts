import { requireSame, requireWithin } from '../../bench/check.js';
import { MOMENT_ROWS } from '../../shaders/channel-moments.wgsl.js';
import { Commands } from '../../src/gpu/commands.js';
import { momentRows, prepareChannelMoments } from '../../src/kernels/channel-moments.js';
import { ROW_WALK_VARIANTS, sumsWalk } from '../../src/kernels/row-walk.js';
import { valuesWithBounds } from '../../src/reference/approx.js';
import { mergedMoments, momentsOfOne } from '../../src/reference/channel-moments.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';
import { sliceRows } from './slice-rows.js';

interface Spec {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  /** Images of the call. */
  readonly images?: number;
  readonly mean?: number;
  readonly deviation?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1, 1] },
  { shape: [2, 3, 3, 5] },
  { shape: [3, 13, 17, 7], images: 2 },
  { shape: [5, 16, 16, 16], mean: 1000, deviation: 0.1 },
  { shape: [1, 29, 31, 13], mean: -3, deviation: 1e-3 },
  { shape: [2, 23, 19, 67] },
];

export const channelMomentsCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) => {
    const { shape, mean = 0.5, deviation = 1 } = spec;
    const [count, height, width, channels] = shape;
    const { images = count } = spec;
    const name = `channel-moments ${variant} ${shape.join(' × ')}, ${images} images, ${mean} ± ${deviation}`;
    return memoryCase(name, async (device, memory) => {
      const map = { images: count, height, width, channels };
      const values = randomNumbers(count * height * width * channels, 1).map(
        (x) => mean + deviation * x,
      );
      const input = memory.map(map, values);
      const written = memory.map({
        images: momentRows(input, variant),
        height: 1,
        width: 1,
        channels,
      });
      const run = await prepareChannelMoments(device, {
        input,
        moments: written.matrix,
        variant,
      });
      const commands = new Commands(device);
      run(commands, { images });
      await commands.finish();
      const walk = sumsWalk(input, variant, images);
      const slices = sliceRows(walk);
      const seen = slices.flat().sort((a, b) => a - b);
      requireSame(
        seen,
        Array.from({ length: images * height * width }, (_, row) => row),
      );
      const moments = await writtenValues(written, 1 + 2 * slices.length);
      requireSame(moments.subarray(0, channels), values.subarray(0, channels));
      const reference = slices.map((rows) =>
        Array.from({ length: channels }, (_, c) => {
          const shifted = rows.map((row) =>
            momentsOfOne((values[row * channels + c] ?? Number.NaN) - (values[c] ?? Number.NaN)),
          );
          return mergedMoments(shifted, Math.ceil(rows.length / MOMENT_ROWS) + MOMENT_ROWS);
        }),
      );
      requireWithin(
        moments.subarray(channels),
        valuesWithBounds(
          reference.flatMap((slice) => [
            ...slice.map((channel) => channel.mean),
            ...slice.map((channel) => channel.squares),
          ]),
        ),
      );
    });
  }),
);

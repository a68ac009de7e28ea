import { requireSame } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { rowStride } from '../../src/gpu/matrix.js';
import { prepareTransposeWeights } from '../../src/kernels/transpose-weights.js';
import { transposeWeightsReference } from '../../src/reference/transpose-weights.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, rowsWithPadding } from './memory.js';

/** Channels and outputs of a group. */
const SHAPES = [
  { taps: 1, channels: 1, outputs: 1, groups: 1 },
  { taps: 9, channels: 7, outputs: 13, groups: 1 },
  { taps: 10, channels: 16, outputs: 3, groups: 1 },
  { taps: 4, channels: 3, outputs: 6, groups: 5 },
];

export const transposeWeightsCases: readonly KernelCase[] = SHAPES.map((shape) => {
  const { taps, channels, outputs, groups } = shape;
  const name = `transpose-weights ${taps} taps, ${groups} × ${channels} channels, ${groups} × ${outputs} outputs`;
  return memoryCase(name, async (device, memory) => {
    const channelRows = rowStride(channels);
    const outputRows = rowStride(outputs);
    // A padding row holds what a bad gradient might leave there: it must not come along.
    const weights = randomNumbers(taps * channelRows * groups * outputs, 1);
    const out = memory.map({
      images: 1,
      height: taps,
      width: outputRows,
      channels: groups * channels,
    }).matrix;
    const run = await prepareTransposeWeights(device, {
      weights: memory.map(
        { images: 1, height: taps, width: channelRows, channels: groups * outputs },
        weights,
      ).matrix,
      out,
      taps,
      groups,
    });
    const commands = new Commands(device);
    run(commands);
    await commands.finish();
    const written = await rowsWithPadding(out);
    const expected = transposeWeightsReference(weights, {
      ...shape,
      channelRows,
      outputRows,
    });
    requireSame(
      written,
      Float64Array.from(written, (_, at) =>
        at % out.stride < out.columns
          ? (expected[Math.floor(at / out.stride) * out.columns + (at % out.stride)] ?? Number.NaN)
          : 0,
      ),
    );
  });
});

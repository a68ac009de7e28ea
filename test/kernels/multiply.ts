import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareMultiply } from '../../src/kernels/multiply.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { multiplyReference } from '../../src/reference/multiply.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

interface Spec {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly gate: boolean;
  readonly accumulate: boolean;
  /** Images of the call. */
  readonly called?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1, 1], gate: false, accumulate: false },
  { shape: [3, 7, 5, 13], gate: false, accumulate: true, called: 2 },
  { shape: [2, 3, 11, 66], gate: false, accumulate: false },
  { shape: [3, 7, 5, 13], gate: true, accumulate: false, called: 2 },
  { shape: [2, 13, 17, 24], gate: true, accumulate: true },
  { shape: [5, 2, 1, 131], gate: true, accumulate: false },
];

export const multiplyCases: readonly KernelCase[] = SPECS.flatMap((spec) =>
  ROW_WALK_VARIANTS.map((variant) => {
    const { shape, gate, accumulate, called = shape[0] } = spec;
    const [images, height, width, channels] = shape;
    const traits = `${gate ? ' by a gate' : ''}${accumulate ? ', added' : ''}`;
    const name = `multiply ${variant} ${shape.join(' × ')}${traits}, ${called} images`;
    return memoryCase(name, async (device, memory) => {
      const extent = { images, height, width, channels };
      const position = { images, height: 1, width: 1, channels };
      const image = height * width * channels;
      const [input, before] = [randomNumbers(images * image, 1), randomNumbers(images * image, 3)];
      const factor = randomNumbers(gate ? images * channels : images * image, 2);
      const output = accumulate ? memory.map(extent, before) : memory.map(extent);
      const run = await prepareMultiply(device, {
        input: memory.map(extent, input),
        factor: memory.map(gate ? position : extent, factor),
        output,
        accumulate,
        variant,
      });
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      const gateAt = (at: number) => Math.floor(at / image) * channels + (at % channels);
      const reference = multiplyReference({
        input: input.subarray(0, called * image),
        factor: (at) => factor[gate ? gateAt(at) : at] ?? Number.NaN,
        before: accumulate ? before : undefined,
      });
      if (accumulate) {
        const after = await readOwnValues(output.matrix);
        requireWithin(after.subarray(0, called * image), reference);
        requireSame(after.subarray(called * image), before.subarray(called * image));
      } else {
        requireWithin(await writtenValues(output, called), reference);
      }
    });
  }),
);

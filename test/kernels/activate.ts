import { requireWithin } from '../../bench/check.js';
import { MAP_ACTIVATIONS } from '../../shaders/activations.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareActivate } from '../../src/kernels/activate.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { activateReference } from '../../src/reference/activate.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

const SHAPES = [
  { images: 1, height: 1, width: 1, channels: 1 },
  { images: 3, height: 7, width: 5, channels: 13 },
  { images: 2, height: 3, width: 11, channels: 66 },
] as const;

/** Where an activation bends, and far from there. */
const KINKS = [-3, 0, 3, 6, -100, 100];

/** Numbers around the kinks, and some on them. */
export function numbersAroundKinks(count: number, seed: number): Float32Array {
  return randomNumbers(count, seed).map((x, at) =>
    at % 7 === 3 ? (KINKS[Math.floor(at / 7) % KINKS.length] ?? 0) : 4 * x,
  );
}

/** What a second map is. */
const OTHERS = { none: '', addend: ' of a sum', subtrahend: ' of a difference' } as const;
type Other = keyof typeof OTHERS;

const SPECS = MAP_ACTIVATIONS.flatMap((activation, index) =>
  (Object.keys(OTHERS) as Other[]).map((other, way) => {
    const shape = SHAPES[(index + way) % SHAPES.length] ?? SHAPES[0];
    const called = way === 1 ? shape.images : Math.ceil(shape.images / 2);
    return { activation, other, way, shape, called };
  }),
);

export const activateCases: readonly KernelCase[] = SPECS.map(
  ({ activation, other, way, shape, called }, index) => {
    const variant = ROW_WALK_VARIANTS[(index + way) % 2] ?? 'blocks';
    const name = `activate ${activation}${OTHERS[other]} ${variant} ${Object.values(shape).join(' × ')}, ${called} images`;
    return memoryCase(name, async (device, memory) => {
      const { images, height, width, channels } = shape;
      const size = images * height * width * channels;
      const [input, second] = [numbersAroundKinks(size, 1), randomNumbers(size, 2)];
      const output = memory.map(shape);
      const run = await prepareActivate(device, {
        input: memory.map(shape, input),
        ...(other !== 'none' && { [other]: memory.map(shape, second) }),
        activation,
        output,
        variant,
      });
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      const seen = called * height * width * channels;
      const reference = activateReference({
        input: input.subarray(0, seen),
        ...(other !== 'none' && { [other]: second }),
        activation,
      });
      requireWithin(await writtenValues(output, called), reference);
    });
  },
);

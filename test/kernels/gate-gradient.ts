import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareGateGradient } from '../../src/kernels/gate-gradient.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import { gateGradientReference } from '../../src/reference/gate-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

const SHAPES = [
  [1, 1, 1, 1],
  [3, 7, 5, 13],
  [2, 13, 17, 24],
  [5, 2, 1, 131],
] as const;

export const gateGradientCases: readonly KernelCase[] = SHAPES.flatMap((shape) =>
  ROW_WALK_VARIANTS.flatMap((variant) =>
    [true, false].map((accumulate) => {
      const [images, height, width, channels] = shape;
      const called = Math.max(1, images - 1);
      const name = `gate-gradient ${variant} ${shape.join(' × ')}, ${called} images${accumulate ? ', added' : ''}`;
      return memoryCase(name, async (device, memory) => {
        const extent = { images, height, width, channels };
        const gate = { images, height: 1, width: 1, channels };
        const size = images * height * width * channels;
        const [input, slopes] = [randomNumbers(size, 1), randomNumbers(size, 2)];
        const before = randomNumbers(images * channels, 3);
        const into = accumulate ? memory.map(gate, before) : memory.map(gate);
        const run = await prepareGateGradient(device, {
          input: memory.map(extent, input),
          gradient: memory.map(extent, slopes),
          into,
          accumulate,
          variant,
        });
        const commands = new Commands(device);
        run(commands, { images: called });
        await commands.finish();
        const reference = gateGradientReference({
          images: called,
          positions: height * width,
          channels,
          input,
          gradient: slopes,
          before: accumulate ? before : undefined,
        });
        const gates = called * channels;
        if (accumulate) {
          const after = await readOwnValues(into.matrix);
          requireWithin(after.subarray(0, gates), reference);
          requireSame(after.subarray(gates), before.subarray(gates));
        } else {
          requireWithin(await writtenValues(into, called), reference);
        }
      });
    }),
  ),
);

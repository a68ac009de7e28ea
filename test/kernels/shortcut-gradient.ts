import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareShortcutGradient } from '../../src/kernels/shortcut-gradient.js';
import { shortcutGradientReference } from '../../src/reference/shortcut-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';
import { elementOfMap, nameOfShortcut, SHORTCUT_SPECS, sizesOfShortcut } from './shortcut.js';

/** Written, and added to what is there. */
export const shortcutGradientCases: readonly KernelCase[] = SHORTCUT_SPECS.flatMap((spec) =>
  [false, true].map((accumulate) =>
    memoryCase(
      `${nameOfShortcut('shortcut-gradient', spec)}${accumulate ? ', added' : ''}`,
      async (device, memory) => {
        const { images, from, output } = sizesOfShortcut(spec);
        const { height, width, channels } = output;
        const slopes = randomNumbers(images * height * width * channels, 1);
        const there = randomNumbers(images * from.height * from.width * from.channels, 2);
        const shape = { images, ...from };
        const into = accumulate ? memory.map(shape, there) : memory.map(shape);
        const run = await prepareShortcutGradient(device, {
          gradient: memory.map({ images, ...output }, slopes),
          into,
          stride: spec.stride,
          before: spec.before,
          accumulate,
        });
        const called = accumulate ? images : (spec.called ?? images);
        const commands = new Commands(device);
        run(commands, { images: called });
        await commands.finish();
        const expected = shortcutGradientReference(
          {
            input: from,
            stride: spec.stride,
            before: spec.before,
            gradient: elementOfMap(slopes, height, width, channels),
            there: accumulate ? there : undefined,
          },
          called,
        );
        requireWithin(await writtenValues(into, called), expected);
      },
    ),
  ),
);

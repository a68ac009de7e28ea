import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareShortcutGradient } from '../../src/kernels/shortcut-gradient.js';
import { shortcutGradientReference } from '../../src/reference/shortcut-gradient.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { randomNumbers } from '../numbers.js';
import { mapsOfShortcut, SHORTCUT_SHAPES, type ShortcutShape } from './shortcut.js';

export const shortcutGradientBench: KernelBench<ShortcutShape> = {
  name: 'shortcut-gradient',
  shapes: SHORTCUT_SHAPES,
  hardwareShapes: [{ n: 1000, h: 32, c: 16 }],
  operations: () => 0,
  bytes: ({ n, h, c }) => 4 * n * c * ((h / 2) ** 2 + h ** 2),
  prepare: async ({ device, scope, shape }) => {
    const { n, h, c } = shape;
    const half = h / 2;
    const slopes = randomNumbers(n * half * half * 2 * c, 1);
    const { large, small, moves } = mapsOfShortcut(scope, shape, { small: slopes });
    const run = await prepareShortcutGradient(device, { gradient: small, into: large, ...moves });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const gradient = (image: number, y: number, x: number, channel: number) =>
          slopes[((image * half + y) * half + x) * 2 * c + channel] ?? Number.NaN;
        const problem = { input: { height: h, width: h, channels: c }, ...moves, gradient };
        const expected = shortcutGradientReference(problem, n);
        requireWithin(await readMatrix(large.matrix), expected, 'shortcut gradient');
      },
    };
  },
};

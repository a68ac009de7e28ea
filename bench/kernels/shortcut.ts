import { readMatrix } from '../../src/gpu/matrix.js';
import type { Scope } from '../../src/gpu/scope.js';
import { prepareShortcut } from '../../src/kernels/shortcut.js';
import { shortcutReference } from '../../src/reference/shortcut.js';
import { requireSame } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { squareMap } from '../maps.js';
import { randomNumbers } from '../numbers.js';

/** n images of h rows and as many columns, c channels; twice as many come out, every other position. */
export type ShortcutShape = { readonly n: number; readonly h: number; readonly c: number };

/** ResNet-20's. */
export const SHORTCUT_SHAPES: readonly ShortcutShape[] = [
  { n: 32, h: 32, c: 16 },
  { n: 32, h: 16, c: 32 },
];

export const shortcutBench: KernelBench<ShortcutShape> = {
  name: 'shortcut',
  shapes: SHORTCUT_SHAPES,
  hardwareShapes: [{ n: 1000, h: 32, c: 16 }],
  operations: () => 0,
  bytes: ({ n, h, c }) => 4 * n * (h / 2) ** 2 * (c + 2 * c),
  prepare: async ({ device, scope, shape }) => {
    const { n, h, c } = shape;
    const x = randomNumbers(n * h * h * c, 1);
    const { large, small, moves } = mapsOfShortcut(scope, shape, { large: x });
    const run = await prepareShortcut(device, { input: large, output: small, ...moves });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const output = { height: h / 2, width: h / 2, channels: 2 * c };
        const element = (image: number, y: number, across: number, channel: number) =>
          x[((image * h + y) * h + across) * c + channel] ?? Number.NaN;
        const problem = { channels: c, output, ...moves, x: element };
        requireSame(await readMatrix(small.matrix), shortcutReference(problem, n), 'shortcut');
      },
    };
  },
};

/** The map before the shortcut and the one behind it, filled as given or with NaN. */
export function mapsOfShortcut(
  scope: Scope,
  { n, h, c }: ShortcutShape,
  data: { readonly large?: Float32Array; readonly small?: Float32Array },
) {
  const large = { images: n, size: h, channels: c };
  const small = { images: n, size: h / 2, channels: 2 * c };
  return {
    large: squareMap(scope, 'shortcut input', large, data.large),
    small: squareMap(scope, 'shortcut output', small, data.small),
    moves: { stride: [2, 2], before: c / 2 } as const,
  };
}

import { requireSame, requireWithin } from '../../bench/check.js';
import { MAP_ACTIVATIONS, type MapActivation } from '../../shaders/activations.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareActivateGradient } from '../../src/kernels/activate-gradient.js';
import { ROW_WALK_VARIANTS } from '../../src/kernels/row-walk.js';
import {
  type ActivateGradientProblem,
  activateGradientReference,
} from '../../src/reference/activate-gradient.js';
import { activate } from '../../src/reference/activation.js';
import { numbersAroundKinks } from './activate.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

interface Spec {
  readonly activation: MapActivation;
  readonly from: 'input' | 'output';
}

/** Each from what tells its derivative. */
const SPECS = MAP_ACTIVATIONS.flatMap((activation): Spec[] => [
  { activation, from: 'input' },
  ...(activation === 'hard-swish' ? [] : [{ activation, from: 'output' } as const]),
]);

const shape = { images: 3, height: 7, width: 5, channels: 13 };
const CALLED = 2;

export const activateGradientCases: readonly KernelCase[] = SPECS.flatMap(({ activation, from }) =>
  ROW_WALK_VARIANTS.map((variant, index) => {
    const accumulate = index === 1;
    const name = `activate-gradient ${activation} from its ${from} ${variant}${accumulate ? ', added' : ''}`;
    return memoryCase(name, async (device, memory) => {
      const { images, height, width, channels } = shape;
      const size = images * height * width * channels;
      const seen = CALLED * height * width * channels;
      const x = numbersAroundKinks(size, 1);
      const h = x.map((value) => activate(activation, value));
      const [slopes, before] = [randomNumbers(size, 2), randomNumbers(size, 3)];
      const into = accumulate ? memory.map(shape, before) : memory.map(shape);
      const run = await prepareActivateGradient(device, {
        gradient: memory.map(shape, slopes),
        activation,
        ...(from === 'input' ? { input: memory.map(shape, x) } : { output: memory.map(shape, h) }),
        into,
        accumulate,
        variant,
      });
      const commands = new Commands(device);
      run(commands, { images: CALLED });
      await commands.finish();
      const reference = activateGradientReference({
        gradient: slopes.subarray(0, seen),
        bend: problemBend(activation, from === 'input' ? { x } : { h }),
        before: accumulate ? before : undefined,
      });
      if (accumulate) {
        const after = await readOwnValues(into.matrix);
        requireWithin(after.subarray(0, seen), reference);
        requireSame(after.subarray(seen), before.subarray(seen));
      } else {
        requireWithin(await writtenValues(into, CALLED), reference);
      }
    });
  }),
);

function problemBend(
  activation: MapActivation,
  known: { readonly x: Float32Array } | { readonly h: Float32Array },
): ActivateGradientProblem['bend'] {
  if ('x' in known) return { activation, x: known.x };
  if (activation !== 'hard-swish') return { activation, h: known.h };
  throw new RangeError('The value of a hard-swish does not tell its derivative.');
}

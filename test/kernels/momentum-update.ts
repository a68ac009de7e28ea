import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { type MomentumStep, prepareMomentumUpdate } from '../../src/kernels/momentum-update.js';
import { momentumUpdateReference } from '../../src/reference/momentum-update.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnValues } from './memory.js';

interface Spec {
  readonly shape: readonly [rows: number, columns: number];
  readonly step: MomentumStep;
  /** The gradient is a matrix with the parameters' stride. */
  readonly padded?: boolean;
  readonly momentum?: boolean;
}

/** Powers of two, and decimals that float32 rounds. */
const SPECS: readonly Spec[] = [
  { shape: [1, 1], step: { slices: 1, scale: 1, decay: 0, rate: 1 } },
  { shape: [67, 1], step: { slices: 5, scale: 1 / 128, decay: 0.9, rate: 0.1 } },
  { shape: [64, 2], step: { slices: 2, scale: 3, decay: 0.5, rate: 0 } },
  { shape: [43, 3], step: { slices: 3, scale: -0.3, decay: 0, rate: 2 } },
  { shape: [13, 10], step: { slices: 17, scale: 0.01, decay: 0.99, rate: 10 } },
  { shape: [7, 1], step: { slices: 3, scale: 0.1, decay: 0.9, rate: 0.3 }, momentum: false },
  { shape: [23, 12], step: { slices: 4, scale: 0.1, decay: 0.7, rate: 0.3 }, padded: true },
  {
    shape: [5, 52],
    step: { slices: 7, scale: 1, decay: 1, rate: 0.01 },
    padded: true,
    momentum: false,
  },
];

export const momentumUpdateCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, step, padded = false, momentum = true } = spec;
  const [rows, columns] = shape;
  const traits = `${padded ? ', padded' : ''}${momentum ? '' : ', descent'}`;
  const name = `momentum-update ${shape.join(' × ')}, ${step.slices} slices${traits}`;
  return memoryCase(name, async (device, memory) => {
    const count = rows * columns;
    const slices = randomNumbers(step.slices * count, 1);
    const [before, start] = [randomNumbers(count, 2), randomNumbers(count, 3)];
    // A slice behind the last: were it added, the answer would be NaN.
    const parts = Float32Array.of(...slices, ...before.map(() => Number.NaN));
    const gradient = padded
      ? memory.matrix((step.slices + 1) * rows, columns, parts)
      : memory.buffer(parts);
    const velocity = memory.matrix(rows, columns, before);
    const parameters = memory.matrix(rows, columns, start);
    const run = await prepareMomentumUpdate(device, {
      gradient,
      parameters,
      velocity: momentum ? velocity : undefined,
    });
    const commands = new Commands(device);
    run(commands, step);
    await commands.finish();
    const reference = momentumUpdateReference({
      count,
      slices: step.slices,
      gradient: (s, e) => slices[s * count + e] ?? Number.NaN,
      velocity: before,
      parameters: start,
      scale: Math.fround(step.scale),
      decay: momentum ? Math.fround(step.decay) : 0,
      rate: Math.fround(step.rate),
    });
    if (momentum) requireWithin(await readOwnValues(velocity), reference.velocity);
    else requireSame(await readOwnValues(velocity), before);
    requireWithin(await readOwnValues(parameters), reference.parameters);
  });
});

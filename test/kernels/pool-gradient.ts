import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { preparePool } from '../../src/kernels/pool.js';
import { preparePoolGradient } from '../../src/kernels/pool-gradient.js';
import { poolGradientReference } from '../../src/reference/pool-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';
import { nameOfPool, POOL_SPECS, poolProblem, referenceOfPool } from './pool.js';

/** Written, and added to what is there. */
export const poolGradientCases: readonly KernelCase[] = POOL_SPECS.flatMap((spec) =>
  [false, true].map((accumulate) =>
    memoryCase(
      `${nameOfPool('pool-gradient', spec)}${accumulate ? ', added' : ''}`,
      async (device, memory) => {
        const problem = poolProblem(spec);
        const { moves, output, kind, countPads, images, height, width, channels, x } = problem;
        const shape = { images, height, width, channels };
        const answers = { images, channels, ...output };
        const gradient = randomNumbers(images * output.height * output.width * channels, 2);
        // What is added to is full; that nothing behind the call's images is written shows elsewhere.
        const called = accumulate ? images : (spec.called ?? images);
        const before = randomNumbers(x.length, 3);
        const into = accumulate ? memory.map(shape, before) : memory.map(shape);
        const maps = {
          kind,
          countPads,
          ...moves,
          input: memory.map(shape, x),
          output: memory.map(answers),
        };
        const forward = await preparePool(device, maps);
        const run = await preparePoolGradient(device, {
          ...maps,
          gradient: memory.map(answers, gradient),
          into,
          accumulate,
        });
        const commands = new Commands(device);
        forward(commands);
        run(commands, { images: called });
        await commands.finish();
        const reference = referenceOfPool(problem, called);
        const expected = poolGradientReference({
          ...reference,
          gradient,
          before: accumulate ? before : undefined,
        });
        requireWithin(await writtenValues(into, called), expected);
      },
    ),
  ),
);

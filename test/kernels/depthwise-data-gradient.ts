import { requireSame, requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareDepthwiseDataGradient } from '../../src/kernels/depthwise-data-gradient.js';
import { depthwiseDataGradientReference } from '../../src/reference/depthwise-data-gradient.js';
import { type KernelCase, randomNumbers } from './case.js';
import { DEPTHWISE_SPECS, depthwiseProblem, nameOfDepthwise } from './depthwise-problem.js';
import { memoryCase, readOwnValues, writtenValues } from './memory.js';

export const depthwiseDataGradientCases: readonly KernelCase[] = DEPTHWISE_SPECS.map(
  (spec, index) => {
    const accumulate = index % 2 === 1;
    const name = `${nameOfDepthwise('depthwise-data-gradient', spec)}${accumulate ? ', added' : ''}`;
    return memoryCase(name, async (device, memory) => {
      const problem = depthwiseProblem(spec);
      const { window, called, input, output, taps, x, slopes, weights, oracle } = problem;
      const before = randomNumbers(x.length, 5);
      const into = accumulate ? memory.map(input, before) : memory.map(input);
      const run = await prepareDepthwiseDataGradient(device, {
        ...window,
        gradient: memory.map(output, slopes),
        weights: memory.weights(taps, input.channels, weights),
        into,
        accumulate,
      });
      const commands = new Commands(device);
      run(commands, { images: called });
      await commands.finish();
      const reference = depthwiseDataGradientReference({
        ...oracle,
        weight: problem.weight,
        before: accumulate ? before : undefined,
      });
      const seen = problem.seen(input);
      if (accumulate) {
        const after = await readOwnValues(into.matrix);
        requireWithin(after.subarray(0, seen), reference);
        requireSame(after.subarray(seen), before.subarray(seen));
      } else {
        requireWithin(await writtenValues(into, called), reference);
      }
    });
  },
);

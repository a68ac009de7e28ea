import { requireWithin } from '../../bench/check.js';
import { MAP_ACTIVATIONS } from '../../shaders/activations.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareDepthwise } from '../../src/kernels/depthwise.js';
import { mapPlaces } from '../../src/reference/convolution.js';
import { depthwiseReference } from '../../src/reference/depthwise.js';
import type { KernelCase } from './case.js';
import { DEPTHWISE_SPECS, depthwiseProblem, nameOfDepthwise } from './depthwise-problem.js';
import { memoryCase, writtenValues } from './memory.js';

export const depthwiseCases: readonly KernelCase[] = DEPTHWISE_SPECS.map((spec, index) => {
  const activation = MAP_ACTIVATIONS[index % MAP_ACTIVATIONS.length] ?? 'none';
  const biased = index % 2 === 1;
  const name = `${nameOfDepthwise('depthwise', spec)}, ${activation}${biased ? ', bias' : ''}`;
  return memoryCase(name, async (device, memory) => {
    const problem = depthwiseProblem(spec);
    const { window, called, input, output, taps, x, weights, biases, oracle } = problem;
    const written = memory.map(output);
    const run = await prepareDepthwise(device, {
      ...window,
      input: memory.map(input, x),
      weights: memory.weights(taps, input.channels, weights),
      bias: biased ? memory.weights(1, input.channels, biases) : undefined,
      activation,
      output: written,
    });
    const commands = new Commands(device);
    run(commands, { images: called });
    await commands.finish();
    const reference = depthwiseReference(
      {
        ...oracle,
        weight: (c, _, ky, kx) => problem.weight(c, ky, kx),
        bias: biased ? (c) => biases[c] ?? Number.NaN : undefined,
        activation,
      },
      mapPlaces(called, output),
    );
    requireWithin(await writtenValues(written, called), reference);
  });
});

import type { Multiply } from '../graph/graph.js';
import { prepareGateGradient } from '../kernels/gate-gradient.js';
import { prepareMultiply } from '../kernels/multiply.js';
import type { Layer, LayerContext } from './layer.js';
import type { Step } from './steps.js';

/** A map times another, or times one number a channel: a gate. */
export async function multiplyLayer(
  { device, map, gradients }: LayerContext,
  { inputs, output }: Step<Multiply>,
): Promise<Layer> {
  const [source, other] = inputs as [string, string];
  const input = map(source);
  const factor = map(other);
  const forward = await prepareMultiply(device, { input, factor, output: map(output) });
  if (!gradients) return { forward: (commands, images) => forward(commands, { images }) };

  const gradient = gradients.from(output);
  const own = gradients.into(output, source);
  const others = gradients.into(output, other);
  const gate = factor.height * factor.width !== input.height * input.width;
  const parts = await Promise.all([
    own && prepareMultiply(device, { input: gradient, factor, output: own.map, ...added(own) }),
    others &&
      (gate
        ? prepareGateGradient(device, { input, gradient, into: others.map, ...added(others) })
        : prepareMultiply(device, {
            input: gradient,
            factor: input,
            output: others.map,
            ...added(others),
          })),
  ]);
  return {
    forward: (commands, images) => forward(commands, { images }),
    backward: (commands, images) => {
      for (const part of parts) part?.(commands, { images });
    },
  };
}

function added({ accumulate }: { readonly accumulate: boolean }) {
  return { accumulate };
}

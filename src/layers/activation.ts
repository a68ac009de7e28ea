import type { Commands } from '../gpu/commands.js';
import type { ActivationNode, Add } from '../graph/graph.js';
import { prepareActivate } from '../kernels/activate.js';
import { prepareActivateGradient } from '../kernels/activate-gradient.js';
import type { Layer, LayerContext } from './layer.js';
import type { Step } from './steps.js';

/** An activation, element by element, where no other layer's kernel does it. */
export async function activationLayer(
  { device, map, gradients }: LayerContext,
  { node, inputs, output }: Step<ActivationNode>,
): Promise<Layer> {
  const source = inputs[0] as string;
  const { activation } = node;
  const maps = { input: map(source), output: map(output) };
  const forward = await prepareActivate(device, { ...maps, activation });
  const into = gradients?.into(output, source);
  const backward =
    into &&
    gradients &&
    (await prepareActivateGradient(device, {
      gradient: gradients.from(output),
      activation,
      input: maps.input,
      into: into.map,
      accumulate: into.accumulate,
    }));
  return {
    forward: (commands, images) => forward(commands, { images }),
    ...(backward && { backward: (commands, images) => backward(commands, { images }) }),
  };
}

/** The sum of two maps or more. */
export async function addLayer(
  { device, map, gradients }: LayerContext,
  { inputs, output }: Step<Add>,
): Promise<Layer> {
  const [first, second, ...others] = inputs as [string, string, ...string[]];
  const sum = map(output);
  const sums = await Promise.all([
    prepareActivate(device, { input: map(first), addend: map(second), output: sum }),
    ...others.map((name) =>
      prepareActivateGradient(device, { gradient: map(name), into: sum, accumulate: true }),
    ),
  ]);
  const shares = await Promise.all(
    inputs.map((name) => {
      const into = gradients?.into(output, name);
      if (!into || !gradients) return undefined;
      const gradient = gradients.from(output);
      return prepareActivateGradient(device, {
        gradient,
        into: into.map,
        accumulate: into.accumulate,
      });
    }),
  );
  const all =
    (
      parts: readonly (
        | ((commands: Commands, call: { readonly images: number }) => void)
        | undefined
      )[],
    ) =>
    (commands: Commands, images: number) => {
      for (const part of parts) part?.(commands, { images });
    };
  return { forward: all(sums), ...(gradients && { backward: all(shares) }) };
}

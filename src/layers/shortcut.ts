import type { ChannelPad, Concatenation, StridedSlice } from '../graph/graph.js';
import { prepareShortcut } from '../kernels/shortcut.js';
import { prepareShortcutGradient } from '../kernels/shortcut-gradient.js';
import type { Layer, LayerContext } from './layer.js';
import type { Step } from './steps.js';

/** Every stride-th position, with channels of zeros around; or maps side by side in one. */
export async function shortcutLayer(
  context: LayerContext,
  step: Step<StridedSlice | ChannelPad | Concatenation>,
): Promise<Layer> {
  const parts = await Promise.all(
    partsOfStep(context, step).map((part) => layerOfPart(context, part)),
  );
  return {
    forward: (commands, images) => {
      for (const { forward } of parts) forward(commands, images);
    },
    ...(context.gradients && {
      backward: (commands, images) => {
        for (const { backward } of parts) backward?.(commands, images);
      },
    }),
  };
}

/** One input's way into the output. */
interface Part {
  readonly source: string;
  readonly output: string;
  readonly stride: readonly [number, number];
  readonly before: number;
  readonly partly: boolean;
}

function partsOfStep(
  { shapes }: LayerContext,
  { node, inputs, pad, output }: Step<StridedSlice | ChannelPad | Concatenation>,
): readonly Part[] {
  if (node.kind !== 'concatenation') {
    const stride = node.kind === 'strided-slice' ? node.stride : ([1, 1] as const);
    const before = node.kind === 'channel-pad' ? node.before : (pad?.before ?? 0);
    return [{ source: inputs[0] as string, output, stride, before, partly: false }];
  }
  let before = 0;
  return inputs.map((source) => {
    const part = { source, output, stride: [1, 1], before, partly: true } as const;
    before += shapes.get(source)?.channels ?? 0;
    return part;
  });
}

async function layerOfPart(
  { device, map, gradients }: LayerContext,
  { source, output, stride, before, partly }: Part,
): Promise<Layer> {
  const maps = { input: map(source), output: map(output) };
  const forward = await prepareShortcut(device, { ...maps, stride, before, partly });
  const into = gradients?.into(output, source);
  const backward =
    into &&
    gradients &&
    (await prepareShortcutGradient(device, {
      gradient: gradients.from(output),
      into: into.map,
      accumulate: into.accumulate,
      stride,
      before,
    }));
  return {
    forward: (commands, images) => forward(commands, { images }),
    ...(backward && { backward: (commands, images) => backward(commands, { images }) }),
  };
}

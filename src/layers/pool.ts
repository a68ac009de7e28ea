import type { GlobalAveragePool, Pool } from '../graph/graph.js';
import { preparePool } from '../kernels/pool.js';
import { preparePoolGradient } from '../kernels/pool-gradient.js';
import type { Layer, LayerContext } from './layer.js';
import type { Step } from './steps.js';

/** The largest number or the mean of windows, or the mean of whole maps. */
export async function poolLayer(
  { device, map, gradients }: LayerContext,
  { node, inputs, output }: Step<Pool | GlobalAveragePool>,
): Promise<Layer> {
  const source = inputs[0] as string;
  const input = map(source);
  const pool = {
    ...(node.kind === 'global-average-pool' ? wholeMap(input) : windowOfPool(node)),
    input,
    output: map(output),
  };
  const forward = await preparePool(device, pool);
  const into = gradients?.into(output, source);
  const backward =
    into &&
    gradients &&
    (await preparePoolGradient(device, {
      ...pool,
      gradient: gradients.from(output),
      into: into.map,
      accumulate: into.accumulate,
    }));
  return {
    forward: (commands, images) => forward(commands, { images }),
    ...(backward && { backward: (commands, images) => backward(commands, { images }) }),
  };
}

function windowOfPool({ kind, kernel, stride, padding, countPads }: Pool) {
  return {
    kind: kind === 'max-pool' ? 'max' : 'average',
    kernel,
    stride,
    padding,
    countPads,
  } as const;
}

function wholeMap({ height, width }: { readonly height: number; readonly width: number }) {
  return {
    kind: 'average',
    kernel: [height, width],
    stride: [1, 1],
    padding: { top: 0, left: 0, bottom: 0, right: 0 },
  } as const;
}

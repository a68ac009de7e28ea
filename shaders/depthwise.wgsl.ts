import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { activateFunction, type MapActivation } from './activations.js';
import {
  type DepthwiseWindow,
  eachPlace,
  PLACE_OF_TILE,
  TILE_UNIFORMS,
  tileSums,
  windowPlan,
} from './depthwise-tile.js';

export interface DepthwiseOptions extends DepthwiseWindow {
  readonly bias: boolean;
  readonly activation: MapActivation;
}

export const DEPTHWISE_THREADS = 64;

/**
 * output = σ(input ∗ weights [+ bias]), each channel with a filter of its own: four channels of a
 * tile of positions a thread, which reads once what the tile's windows cover.
 */
export function depthwiseShader({ bias, activation, ...window }: DepthwiseOptions) {
  const { kernel, stride } = window;
  const plan = windowPlan(window);
  const [rows, columns] = plan.tile;
  const first = bias ? 'bias[column]' : 'vec4<f32>()';
  return {
    name: 'depthwise',
    bindings: {
      input: ['read', 'vec4<f32>'],
      weights: ['read', 'vec4<f32>'],
      output: ['read_write', 'vec4<f32>'],
      ...(bias && ({ bias: ['read', 'vec4<f32>'] } as const)),
    },
    uniforms: TILE_UNIFORMS,
    workgroupSize: [DEPTHWISE_THREADS, 1],
    body: wgsl`
${activateFunction(activation, 'vec4<f32>')}

fn kernel(workgroup: u32, local: u32) {
  let thread = workgroup * ${DEPTHWISE_THREADS}u + local;
  let column = thread % params.vectors;
  let place = thread / params.vectors;
${PLACE_OF_TILE}
  if (image >= params.images) { return; }
${tileSums('input', plan, [rows * stride[0], columns * stride[1]], { kernel, first })}
${eachPlace(plan.tile, (o, inside, at) => `  if (${inside}) { output[${at}] = activate(sum${o}); }`)}
}
`,
  } as const;
}

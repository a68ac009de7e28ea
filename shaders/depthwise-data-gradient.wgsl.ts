import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import {
  coverPlan,
  type DepthwiseWindow,
  eachPlace,
  PLACE_OF_TILE,
  TILE_UNIFORMS,
  tileSums,
} from './depthwise-tile.js';

export interface DepthwiseDataGradientOptions extends DepthwiseWindow {
  /** The gradient is added to what is there. */
  readonly accumulate: boolean;
}

export const DEPTHWISE_DATA_GRADIENT_THREADS = 64;

/**
 * into [+]= the gradient of a depthwise convolution's input: four channels of a tile of positions a
 * thread, each the sum over the outputs whose windows cover it.
 */
export function depthwiseDataGradientShader({
  accumulate,
  ...window
}: DepthwiseDataGradientOptions) {
  const { kernel, stride } = window;
  const plan = coverPlan(window);
  const [rows, columns] = plan.tile;
  const steps = [rows / stride[0], columns / stride[1]] as const;
  return {
    name: 'depthwise-data-gradient',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      weights: ['read', 'vec4<f32>'],
      into: ['read_write', 'vec4<f32>'],
    },
    uniforms: TILE_UNIFORMS,
    workgroupSize: [DEPTHWISE_DATA_GRADIENT_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
  let thread = workgroup * ${DEPTHWISE_DATA_GRADIENT_THREADS}u + local;
  let column = thread % params.vectors;
  let place = thread / params.vectors;
${PLACE_OF_TILE}
  if (image >= params.images) { return; }
${tileSums('gradient', plan, steps, { kernel, first: 'vec4<f32>()' })}
${eachPlace(
  plan.tile,
  (o, inside, at) => `  if (${inside}) { into[${at}] ${accumulate ? '+=' : '='} sum${o}; }`,
)}
}
`,
  } as const;
}

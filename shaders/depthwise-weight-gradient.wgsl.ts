import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import {
  type DepthwiseWindow,
  eachPlace,
  PLACE_OF_TILE,
  readWindow,
  TILE_UNIFORMS,
  windowPlan,
} from './depthwise-tile.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

/**
 * The gradient of a depthwise convolution's weights, slice by slice of the output's tiles:
 * parts [slices · taps × C] = Σ_positions gradient · input, four channels of a slice a thread. The
 * rows that are walked are tiles.
 */
export function depthwiseWeightGradientShader(window: DepthwiseWindow) {
  const { kernel, stride } = window;
  const { tile, axes } = windowPlan(window);
  const [rows, columns] = tile;
  const taps = kernel[0] * kernel[1];
  const products = readWindow(
    'input',
    axes,
    [rows * stride[0], columns * stride[1]],
    (x, products) =>
      products
        .map(({ out, tap }) => {
          const sum = `sum${tap[0] * kernel[1] + tap[1]}`;
          return `  ${sum} = fma(g${out[0] * columns + out[1]}, ${x}, ${sum});`;
        })
        .join('\n'),
  );
  return {
    name: 'depthwise-weight-gradient',
    bindings: {
      gradient: ['read', 'vec4<f32>'],
      input: ['read', 'vec4<f32>'],
      parts: ['read_write', 'vec4<f32>'],
    },
    uniforms: { ...ROW_WALK_UNIFORMS, ...TILE_UNIFORMS },
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
${unroll(taps, (k) => `  var sum${k} = vec4<f32>();`)}
  for (var turn = 0u; turn < count; turn++) {
  let place = begin + turn * params.row_step;
${PLACE_OF_TILE}
${eachPlace(
  tile,
  (o, inside, at) => `  let g${o} = select(vec4<f32>(), gradient[${at}], ${inside});`,
)}
${products}
  }
  let to = slice * ${taps}u * params.vectors + column;
${unroll(taps, (k) => `  parts[to + ${k}u * params.vectors] = sum${k};`)}
}
`,
  } as const;
}

import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';
import { ROW_WALK, ROW_WALK_THREADS, ROW_WALK_UNIFORMS } from './row-walk.js';
import { unroll } from './unroll.js';

/** Rows whose mean is taken in registers before it is merged with that of the rows before. */
export const MOMENT_ROWS = 8;

/**
 * Mean and sum of squared deviations of each channel of a map, slice by slice: moments
 * [1 + 2 slices × C] = [the map's first row, as shift; of each slice, the mean less the shift; its
 * Σ (x − mean)²]. Parts are merged as in Chan, Golub and LeVeque, so that no sum of squares is
 * larger than the answer.
 */
export function channelMomentsShader() {
  return {
    name: 'channel-moments',
    bindings: { input: ['read', 'vec4<f32>'], moments: ['read_write', 'vec4<f32>'] },
    uniforms: ROW_WALK_UNIFORMS,
    workgroupSize: [ROW_WALK_THREADS, 1],
    body: wgsl`
fn kernel(workgroup: u32, local: u32) {
${ROW_WALK}
  // The difference of numbers near each other is exact, so that a large mean costs no digits.
  let shift = input[column];
  var mean = vec4<f32>();
  var squares = vec4<f32>();
  let blocks = count / ${MOMENT_ROWS}u;
  for (var block = 0u; block < blocks; block++) {
${unroll(MOMENT_ROWS, (r) => `    let x${r} = input[at + ${r}u * step] - shift;`)}
    at += ${MOMENT_ROWS}u * step;
    let own = ${1 / MOMENT_ROWS} * (${pairwiseSum((r) => `x${r}`)});
${unroll(MOMENT_ROWS, (r) => `    let d${r} = x${r} - own;`)}
    let delta = own - mean;
    let part = 1.0 / f32(block + 1u);
    mean += delta * part;
    squares += (${pairwiseSum((r) => `d${r} * d${r}`)})
      + delta * delta * (${MOMENT_ROWS}.0 * f32(block) * part);
  }
  for (var row = ${MOMENT_ROWS}u * blocks; row < count; row++) {
    let delta = (input[at] - shift) - mean;
    at += step;
    let part = 1.0 / f32(row + 1u);
    mean += delta * part;
    squares += delta * delta * (f32(row) * part);
  }
  if (slice == 0u) { moments[column] = shift; }
  let to = (1u + 2u * slice) * params.vectors + column;
  moments[to] = mean;
  moments[to + params.vectors] = squares;
}
`,
  } as const;
}

/** The terms' sum by halves. */
function pairwiseSum(term: (row: number) => string, first = 0, count = MOMENT_ROWS): string {
  if (count === 1) return term(first);
  const half = count / 2;
  return `(${pairwiseSum(term, first, half)} + ${pairwiseSum(term, first + half, half)})`;
}

import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

/**
 * Threads of a workgroup. Those that share one vector of four channels are many, since each waits
 * for memory once a slice; otherwise each has a vector.
 */
export const batchNormStatisticsThreads = (shared: boolean) => (shared ? 256 : 64);

export interface BatchNormStatisticsOptions {
  /** A workgroup shares each vector: for hardware, where one thread alone would wait for memory. */
  readonly shared: boolean;
}

/**
 * Merges the moments of all slices of a map's rows into statistics [2 × C] = [mean; variance] and
 * moves the running ones towards them: running ← (1 − momentum) · running + momentum · (mean,
 * variance · n / (n − 1)). What pads a row becomes zero.
 */
export function batchNormStatisticsShader({ shared }: BatchNormStatisticsOptions) {
  const threads = batchNormStatisticsThreads(shared);
  return {
    name: 'batch-norm-statistics',
    bindings: {
      moments: ['read', 'vec4<f32>'],
      statistics: ['read_write', 'vec4<f32>'],
      running: ['read_write', 'vec4<f32>'],
    },
    uniforms: {
      channels: 'u32',
      vectors: 'u32',
      rows: 'u32',
      slices: 'u32',
      slice_rows: 'u32',
      slice_step: 'u32',
      row_step: 'u32',
      momentum: 'f32',
    },
    workgroupSize: [threads, 1],
    body: wgsl`
struct Moments { count: f32, mean: vec4<f32>, squares: vec4<f32> }

fn merged(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  if (b.count == 0.0) { return a; }
  let delta = b.mean - a.mean;
  let part = b.count / count;
  return Moments(
    count,
    a.mean + delta * part,
    a.squares + b.squares + delta * delta * (a.count * part),
  );
}

fn moments_of(slice: u32, column: u32) -> Moments {
  let begin = slice * params.slice_step;
  let count = min(
    params.slice_rows,
    (params.rows - begin + params.row_step - 1u) / params.row_step,
  );
  let at = (1u + 2u * slice) * params.vectors + column;
  return Moments(f32(count), moments[at], moments[at + params.vectors]);
}

fn merged_slices(column: u32, first: u32, step: u32) -> Moments {
  var all = Moments(0.0, vec4<f32>(), vec4<f32>());
  for (var slice = first; slice < params.slices; slice += step) {
    all = merged(all, moments_of(slice, column));
  }
  return all;
}

fn finish(all: Moments, column: u32) {
  let live = vec4<u32>(4u * column) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(params.channels);
  let mean = select(vec4<f32>(), moments[column] + all.mean, live);
  let squares = select(vec4<f32>(), all.squares, live);
  let spread = params.vectors + column;
  statistics[column] = mean;
  statistics[spread] = squares / all.count;
  let kept = 1.0 - params.momentum;
  // One row has no unbiased variance; its squares are zero.
  let freedom = max(all.count - 1.0, 1.0);
  running[column] = kept * running[column] + params.momentum * mean;
  running[spread] = kept * running[spread] + params.momentum * (squares / freedom);
}

#if ${shared}
var<workgroup> parts: array<Moments, ${threads}>;

fn kernel(column: u32, local: u32) {
  if (column >= params.vectors) { return; }
  parts[local] = merged_slices(column, local, ${threads}u);
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { parts[local] = merged(parts[local], parts[local + half]); }
  }
  if (local == 0u) { finish(parts[0], column); }
}
#else
fn kernel(workgroup: u32, local: u32) {
  let column = workgroup * ${threads}u + local;
  if (column < params.vectors) { finish(merged_slices(column, 0u, 1u), column); }
}
#endif
`,
  } as const;
}

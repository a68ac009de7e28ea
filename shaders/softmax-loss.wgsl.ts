import { wgsl } from 'wgsl-preprocessor/wgsl-preprocessor.js';

export interface SoftmaxLossOptions {
  /** Cross-entropy by the examples' labels. */
  readonly labels: boolean;
  /** Image i of the call has its label at indices[first + i] instead of first + i. */
  readonly gather: boolean;
  /** Distillation: the divergence from a teacher's answers. */
  readonly teacher: boolean;
  /** The gradient of the logits is written too. */
  readonly gradient: boolean;
}

export const SOFTMAX_LOSS_THREADS = 64;

/**
 * One image a thread. With p = softmax(t / T) of the teacher's logits t, q = softmax(f / T) of the
 * logits f, and the label y: loss = (1 − share) · (−log softmax(f)_y) + share · T² Σ p log(p / q),
 * and whether f is largest at y; without labels, whether it is where t is. Exponents are taken from
 * the largest logit on, so that none overflows.
 */
export function softmaxLossShader({ labels, gather, teacher, gradient }: SoftmaxLossOptions) {
  return {
    name: 'softmax-loss',
    bindings: {
      logits: ['read', 'vec4<f32>'],
      results: ['read_write', 'vec2<f32>'],
      ...(labels && ({ labels: ['read', 'u32'] } as const)),
      ...(gather && ({ indices: ['read', 'u32'] } as const)),
      ...(teacher && ({ teacher: ['read', 'vec4<f32>'] } as const)),
      ...(gradient && ({ gradient: ['read_write', 'vec4<f32>'] } as const)),
    },
    uniforms: {
      images: 'u32',
      classes: 'u32',
      vectors: 'u32',
      first: 'u32',
      first_result: 'u32',
      scale: 'f32',
      share: 'f32',
      temperature: 'f32',
    },
    workgroupSize: [SOFTMAX_LOSS_THREADS, 1],
    body: wgsl`
fn largest(x: vec4<f32>) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }
fn sum(x: vec4<f32>) -> f32 { return (x.x + x.y) + (x.z + x.w); }

// Classes of the v-th four; what follows the last one pads the row.
fn classes_of(v: u32) -> vec4<u32> { return vec4<u32>(4u * v) + vec4<u32>(0u, 1u, 2u, 3u); }

fn kernel(workgroup: u32, local: u32) {
  let i = workgroup * ${SOFTMAX_LOSS_THREADS}u + local;
  if (i >= params.images) { return; }
  let row = i * params.vectors;
  let every = vec4<u32>(params.classes);
  var peaks = vec4<f32>(logits[row].x);
#if ${teacher}
  var teacher_peaks = vec4<f32>(teacher[row].x);
#endif
  for (var v = 0u; v < params.vectors; v++) {
    let live = classes_of(v) < every;
    peaks = select(peaks, max(peaks, logits[row + v]), live);
#if ${teacher}
    teacher_peaks = select(teacher_peaks, max(teacher_peaks, teacher[row + v]), live);
#endif
  }
  let peak = largest(peaks);
#if ${teacher}
  let teacher_peak = largest(teacher_peaks);
  let warmth = 1.0 / params.temperature;
  var ours = vec4<f32>();
  var theirs = vec4<f32>();
  var gaps = vec4<f32>();
#endif

#if ${labels && gather}
  let label = labels[indices[params.first + i]];
#elif ${labels}
  let label = labels[params.first + i];
#else
  var label = params.classes;
  for (var c = 0u; c < params.classes && label == params.classes; c++) {
    if (teacher[row + c / 4u][c % 4u] == teacher_peak) { label = c; }
  }
#endif
  let chosen = logits[row + label / 4u][label % 4u];
  var total = vec4<f32>();
  // A comparison with NaN fails: what has diverged is never right.
  var right = true;
  for (var v = 0u; v < params.vectors; v++) {
    let c = classes_of(v);
    let live = c < every;
    let f = logits[row + v];
    let beaten = (vec4<f32>(chosen) > f) | ((vec4<f32>(chosen) == f) & (c >= vec4<u32>(label)));
    right = right && all(beaten | !live);
#if ${labels}
    total += select(vec4<f32>(), exp(f - peak), live);
#endif
#if ${teacher}
    let a = (f - peak) * warmth;
    let b = (teacher[row + v] - teacher_peak) * warmth;
    let e = select(vec4<f32>(), exp(b), live);
    ours += select(vec4<f32>(), exp(a), live);
    theirs += e;
    gaps += select(vec4<f32>(), e * (b - a), live);
#endif
  }
  var loss = 0.0;
#if ${labels}
  loss += (1.0 - params.share) * (log(sum(total)) - (chosen - peak));
#endif
#if ${teacher}
  let t = params.temperature;
  let divergence = sum(gaps) / sum(theirs) + (log(sum(ours)) - log(sum(theirs)));
  loss += params.share * t * t * divergence;
#endif
  results[params.first_result + i] = vec2<f32>(loss, select(0.0, 1.0, right));

#if ${gradient}
  for (var v = 0u; v < params.vectors; v++) {
    let c = classes_of(v);
    let f = logits[row + v];
    var slope = vec4<f32>();
#if ${labels}
    let truth = select(vec4<f32>(), vec4<f32>(1.0), c == vec4<u32>(label));
    slope += (1.0 - params.share) * (exp(f - peak) / sum(total) - truth);
#endif
#if ${teacher}
    let q = exp((f - peak) * warmth) / sum(ours);
    let p = exp((teacher[row + v] - teacher_peak) * warmth) / sum(theirs);
    slope += params.share * t * (q - p);
#endif
    gradient[row + v] = select(vec4<f32>(), params.scale * slope, c < every);
  }
#endif
}
`,
  } as const;
}

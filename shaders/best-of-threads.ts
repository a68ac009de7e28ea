import { NO_SLOT } from './selection-state.js';

/**
 * WGSL for the choice of the smallest by one workgroup: each thread leaves its best in `best_score`
 * and `best_index` (or `NONE`), and after a barrier `reduce()` gives the best of all, the lowest
 * index among equals. Its loop is serial: a tree would take more barriers.
 */
export function bestOfThreads(threads: number): string {
  return `
const NONE = ${NO_SLOT}u;
var<workgroup> best_score: array<f32, ${threads}>;
var<workgroup> best_index: array<u32, ${threads}>;

// Compilers may assume that no float is NaN, so this looks at the bits.
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

fn reduce() -> u32 {
  var index = NONE;
  var score = 0.0;
  for (var t = 0u; t < ${threads}u; t++) {
    let i = best_index[t];
    let s = best_score[t];
    if (i != NONE && (index == NONE || s < score || (s == score && i < index))) {
      index = i;
      score = s;
    }
  }
  return index;
}
`;
}

import { NO_SLOT } from './selection-state.js';

/** Up to so many threads one of them looks through all: a tree would take more barriers. */
const SERIAL_THREADS = 8;

/**
 * WGSL for the choice of the smallest by one workgroup of 2ⁿ threads. All of them call
 * `best_of_threads(local, index, score)` with the best that each has found, or `NONE`, and all get the
 * index of the best of all, the lowest among equals. Barriers are within.
 */
export function bestOfThreads(threads: number): string {
  if (!Number.isInteger(Math.log2(threads))) {
    throw new RangeError(`${threads} threads cannot find a best by halves: give a power of two.`);
  }
  return `
const NONE = ${NO_SLOT}u;
var<workgroup> best_score: array<f32, ${threads}>;
var<workgroup> best_index: array<u32, ${threads}>;

// Compilers may assume that no float is NaN, so this looks at the bits.
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

fn is_better(i: u32, s: f32, index: u32, score: f32) -> bool {
  return i != NONE && (index == NONE || s < score || (s == score && i < index));
}

fn best_of_threads(local: u32, own_index: u32, own_score: f32) -> u32 {
  best_index[local] = own_index;
  best_score[local] = own_score;
${threads > SERIAL_THREADS ? treeSearch(threads) : serialSearch(threads)}
  // Its barriers also keep the next call from writing before all have read.
  return workgroupUniformLoad(&best_index[0]);
}
`;
}

const serialSearch = (threads: number) => `  workgroupBarrier();
  if (local == 0u) {
    for (var t = 1u; t < ${threads}u; t++) {
      if (is_better(best_index[t], best_score[t], best_index[0], best_score[0])) {
        best_index[0] = best_index[t];
        best_score[0] = best_score[t];
      }
    }
  }`;

/** Half of the threads take in the other half's, until one is left. */
const treeSearch = (threads: number) => `  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) {
      let i = best_index[local + half];
      let s = best_score[local + half];
      if (is_better(i, s, best_index[local], best_score[local])) {
        best_index[local] = i;
        best_score[local] = s;
      }
    }
  }`;

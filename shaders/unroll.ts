/** The texts of `count` unrolled copies of a statement, joined by lines. */
export function unroll(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('\n');
}

/**
 * WGSL for `body` with the constant `name` from 0 to `count` − 1, without a loop. A GPU's compiler
 * leaves a loop with a long body as it is, and each turn then waits for workgroup memory: written out
 * like this, on an H200 a product of 4096³ takes four fifths of the time, and two thirds with tiles of
 * 64 × 64. Written out within a loop of fewer turns it took longer than before.
 */
export function unrolledSteps(name: string, count: number, body: string): string {
  return unroll(count, (step) => `{ const ${name} = ${step}u;\n${body}\n}`);
}

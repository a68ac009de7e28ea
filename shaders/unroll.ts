/** The texts of `count` unrolled copies of a statement, joined by lines. */
export function unroll(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('\n');
}

/**
 * WGSL for `body` with `name` from 0 to `count` − 1, `times` of them in each turn of a loop. A GPU's
 * compiler leaves long bodies as they are, and each turn then waits for workgroup memory: on an H200
 * eight steps of a matrix product in a turn take two thirds to four fifths of the time of one.
 */
export function unrolledLoop(
  name: string,
  { count, times }: { readonly count: number; readonly times: number },
  body: string,
): string {
  const copies = unroll(times, (t) => `{ let ${name} = ${name}_first + ${t}u;\n${body}\n}`);
  return `for (var ${name}_first = 0u; ${name}_first < ${count}u; ${name}_first += ${times}u) {\n${copies}\n}`;
}

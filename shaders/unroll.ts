/** The texts of `count` unrolled copies of a statement, joined by lines. */
export function unroll(count: number, text: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join('\n');
}

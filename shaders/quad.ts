/** By distance d, the instruction by which lane i of a quad gets what lane i ^ d has. */
export const QUAD = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'] as const;

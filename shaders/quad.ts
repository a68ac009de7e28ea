/** The lanes of a quad, and how lane i comes by what lane i ^ d has: one instruction each. */
export const QUAD = ['', 'quadSwapX', 'quadSwapY', 'quadSwapDiagonal'] as const;

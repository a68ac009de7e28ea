import type { Epilogue } from '../../shaders/matmul.wgsl.js';
import { activate, activationError, steepestSlope } from './activation.js';
import { type Bounded, sumBound, UNIT } from './bound.js';

export interface MatmulProblem {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Element (i, p) of op(A). */
  readonly a: (i: number, p: number) => number;
  /** Element (p, j) of op(B). */
  readonly b: (p: number, j: number) => number;
  readonly alpha: number;
  readonly epilogue: Epilogue;
  /** Element (i, j) of `out` before the call, and of the velocity. */
  readonly before?: (i: number, j: number) => number;
  readonly velocity?: (i: number, j: number) => number;
  readonly decay?: number;
  readonly rate?: number;
}

/**
 * epilogue(alpha · op(A) op(B)) in float64, with the error bound of a float32 kernel. As it is one
 * for any order of the sum, it holds for slices of k that are added up afterwards too.
 */
export function matmulReference(problem: MatmulProblem): Bounded {
  const { m, n, k, a, b, alpha, epilogue } = problem;
  const value = new Float64Array(m * n);
  const bound = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let magnitude = 0;
      for (let p = 0; p < k; p++) {
        const product = a(i, p) * b(p, j);
        sum += product;
        magnitude += Math.abs(product);
      }
      const error = sumBound(k, Math.abs(alpha) * magnitude);
      [value[i * n + j], bound[i * n + j]] = finish(
        problem,
        epilogue,
        [i, j],
        [alpha * sum, error],
      );
    }
  }
  return { value, bound };
}

function finish(
  { before, velocity, decay = 0, rate = 0 }: MatmulProblem,
  epilogue: Epilogue,
  [i, j]: readonly [number, number],
  [sum, error]: readonly [value: number, bound: number],
): [value: number, bound: number] {
  switch (epilogue.kind) {
    case 'store':
      return [sum, error];
    case 'activation': {
      const { activation } = epilogue;
      return [
        activate(activation, sum),
        error * steepestSlope(activation) + activationError(activation, sum),
      ];
    }
    case 'accumulate': {
      const start = before?.(i, j) ?? Number.NaN;
      return [start + sum, error + 2 * UNIT * (Math.abs(start) + Math.abs(sum))];
    }
    case 'momentum':
    case 'descent': {
      const kept = epilogue.kind === 'momentum' ? decay * (velocity?.(i, j) ?? Number.NaN) : 0;
      const start = before?.(i, j) ?? Number.NaN;
      const step = kept + sum;
      const rounding = Math.abs(start) + Math.abs(rate) * (Math.abs(kept) + Math.abs(sum));
      return [start - rate * step, Math.abs(rate) * error + 4 * UNIT * rounding];
    }
  }
}

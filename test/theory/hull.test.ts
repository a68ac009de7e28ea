import { expect, test } from 'vitest';
import { randomStream } from '../../src/random.js';
import {
  candidateLosses,
  outputsLoss,
  type ReferenceProblem,
} from '../../src/reference/selection.js';
import {
  bestInHull,
  guaranteedExcess,
  type HullProblem,
  squaredDiameter,
} from '../../src/theory/hull.js';

type Points = readonly (readonly number[])[];

const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, e) => sum + x * b[e]!, 0);

/** Inner products of the points, and the target, as one example of that many outputs each. */
function hullProblem(points: Points, y: readonly number[], examples = 1): HullProblem {
  return {
    gram: Float64Array.from(points.flatMap((a) => points.map((b) => inner(a, b)))),
    correlations: Float64Array.from(points, (point) => inner(point, y)),
    energy: inner(y, y),
    examples,
  };
}

const square = [
  [0, 0],
  [2, 0],
  [2, 2],
  [0, 2],
];

test.each([
  { name: 'a vertex', points: square, y: [3, 3], distance: 2 },
  { name: 'a point of an edge', points: square, y: [3, 0.5], distance: 1 },
  { name: 'the target itself, inside', points: square, y: [0.25, 1.5], distance: 0 },
  { name: 'the only point there is', points: [[1, 0]], y: [0, 1], distance: 2 },
  {
    name: 'a segment of equal points',
    points: [
      [1, 0],
      [1, 0],
    ],
    y: [1, 3],
    distance: 9,
  },
])('the best of a hull is $name', ({ points, y, distance }) => {
  const { loss, gap, converged } = bestInHull(hullProblem(points, y), 1e-9);
  expect(converged).toBe(true);
  expect(gap).toBeLessThanOrEqual(1e-9);
  expect(Math.abs(loss - distance / 2)).toBeLessThanOrEqual(gap + 1e-12);
});

test('a search that is cut short says so, and its gap still holds the best loss', () => {
  const { points, y } = drawn(30, 12, 3);
  const problem = hullProblem(points, y, 12);
  const best = bestInHull(problem, 1e-12);
  const short = bestInHull(problem, 1e-12, 5);
  expect(best.converged).toBe(true);
  expect(short.converged).toBe(false);
  expect(short.loss).toBeGreaterThan(best.loss);
  expect(short.loss - short.gap).toBeLessThanOrEqual(best.loss);
});

test('the diameter is that of the two points farthest apart', () => {
  expect(squaredDiameter(hullProblem(square, [0, 0]))).toBe(8);
  expect(squaredDiameter(hullProblem([[5, 5]], [0, 0]))).toBe(0);
});

test.each([0, 1, 2])('greedy selection keeps what is guaranteed, problem %i', (seed) => {
  const examples = 15;
  const { points, y } = drawn(24, examples, seed);
  const problem: ReferenceProblem = {
    examples,
    outputs: 1,
    phi: points.map((point) => Float64Array.from(point)),
    y: Float64Array.from(y),
    loss: 'squared',
  };
  const hull = hullProblem(points, y, examples);
  const { loss: best, gap } = bestInHull(hull, 1e-10);
  const uniform = Float64Array.from(y, (_, e) =>
    inner(
      points.map((point) => point[e]!),
      points.map(() => 1 / points.length),
    ),
  );
  expect(outputsLoss(problem, uniform)).toBeGreaterThan(best - gap);
  for (const rule of ['average', 'line-search'] as const) {
    const excess = guaranteedExcess(rule, squaredDiameter(hull), examples, 40);
    const picks: number[] = [];
    for (const [step, allowed] of excess.entries()) {
      const losses = candidateLosses(problem, rule, picks);
      const least = Math.min(...losses);
      picks.push(losses.indexOf(least));
      expect({ rule, step, kept: least <= best + allowed }).toEqual({ rule, step, kept: true });
      expect(least).toBeGreaterThanOrEqual(best - gap);
      if (step > 0) expect(allowed).toBeLessThan(excess[step - 1]!);
    }
  }
});

function drawn(count: number, dimensions: number, seed: number) {
  const stream = randomStream(seed, 'hull test');
  const point = () => Array.from({ length: dimensions }, () => stream.normal());
  return { points: Array.from({ length: count }, point), y: point() };
}

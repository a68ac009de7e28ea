import {
  type Approx,
  exactly,
  exponential,
  largest,
  logarithm,
  minus,
  over,
  plus,
  times,
  total,
  valuesWithBounds,
  ZERO,
} from './approx.js';
import type { Bounded } from './bound.js';

export interface SoftmaxLossProblem {
  readonly classes: number;
  /** f, an array of `classes` numbers an image. */
  readonly logits: readonly ArrayLike<number>[];
  readonly labels?: ArrayLike<number> | undefined;
  /** t, as f. */
  readonly teacher?: readonly ArrayLike<number>[] | undefined;
  readonly scale: number;
  readonly share: number;
  readonly temperature: number;
}

interface Part {
  readonly loss: Approx;
  /** ∂loss / ∂f_c. */
  readonly slopes: readonly Approx[];
}

/** Loss, right answers and gradient of each image in float64, with float32's error bounds. */
export function softmaxLossReference(problem: SoftmaxLossProblem): {
  readonly losses: Bounded;
  /** 1 where the answer is right; exact. */
  readonly right: readonly number[];
  /** [images × classes]. */
  readonly gradient: Bounded;
} {
  const { logits, labels, teacher, scale } = problem;
  const images = logits.map((f, i) => imageReference(problem, f, labels?.[i], teacher?.[i]));
  return {
    losses: valuesWithBounds(images.map(({ loss }) => loss)),
    right: logits.map((f, i) => {
      const wanted = labels?.[i] ?? firstLargest(teacher?.[i] ?? []);
      return firstLargest(f) === wanted ? 1 : 0;
    }),
    gradient: valuesWithBounds(
      images.flatMap(({ slopes }) => slopes.map((slope) => times(exactly(scale), slope))),
    ),
  };
}

function imageReference(
  { share, temperature }: SoftmaxLossProblem,
  f: ArrayLike<number>,
  label: number | undefined,
  t: ArrayLike<number> | undefined,
): Part {
  const parts: Part[] = [];
  if (label !== undefined)
    parts.push(weighted(minus(exactly(1), exactly(share)), byLabel(f, label)));
  if (t) parts.push(weighted(exactly(share), byTeacher(f, t, temperature)));
  return parts.reduce((one, other) => ({
    loss: plus(one.loss, other.loss),
    slopes: one.slopes.map((slope, c) => plus(slope, other.slopes[c] ?? ZERO)),
  }));
}

function weighted(weight: Approx, { loss, slopes }: Part): Part {
  return { loss: times(weight, loss), slopes: slopes.map((slope) => times(weight, slope)) };
}

/** −log softmax(f)_y; softmax(f) − y. */
function byLabel(f: ArrayLike<number>, label: number): Part {
  const { exponents, powers, sum } = softmax(f, 1);
  return {
    loss: minus(logarithm(sum), exponents[label] ?? ZERO),
    slopes: powers.map((power, c) => minus(over(power, sum), exactly(c === label ? 1 : 0))),
  };
}

/** T² Σ p log(p / q); T (q − p). */
function byTeacher(f: ArrayLike<number>, t: ArrayLike<number>, temperature: number): Part {
  const ours = softmax(f, temperature);
  const theirs = softmax(t, temperature);
  const gaps = theirs.powers.map((power, c) =>
    times(power, minus(theirs.exponents[c] ?? ZERO, ours.exponents[c] ?? ZERO)),
  );
  const heat = exactly(temperature);
  const divergence = plus(
    over(total(gaps), theirs.sum),
    minus(logarithm(ours.sum), logarithm(theirs.sum)),
  );
  return {
    loss: times(times(heat, heat), divergence),
    slopes: ours.powers.map((power, c) =>
      times(heat, minus(over(power, ours.sum), over(theirs.powers[c] ?? ZERO, theirs.sum))),
    ),
  };
}

/** (x − max x) / T, its exponentials and their sum. */
function softmax(x: ArrayLike<number>, temperature: number) {
  const numbers = Array.from(x, exactly);
  const peak = largest(numbers);
  const warmth = over(exactly(1), exactly(temperature));
  const exponents = numbers.map((number) => times(minus(number, peak), warmth));
  const powers = exponents.map(exponential);
  return { exponents, powers, sum: total(powers) };
}

function firstLargest(x: ArrayLike<number>): number {
  const numbers = Array.from(x);
  return numbers.indexOf(Math.max(...numbers));
}

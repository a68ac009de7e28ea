/** Beyond this |x| the continued fraction replaces the series. At it both have ten digits. */
const TAIL = 3;

/** ln Φ(x), the logarithm of the standard normal distribution function. */
export function logNormalCdf(x: number): number {
  if (x < -TAIL) return logTail(-x);
  if (x > TAIL) return Math.log1p(-Math.exp(logTail(x)));
  return Math.log(0.5 + density(x) * series(x));
}

/**
 * ln P(a < Z ≤ b) for a standard normal Z and −∞ ≤ a < b ≤ ∞, accurate in both tails, where
 * the difference of two distribution functions would be 0.
 */
export function logNormalInterval(a: number, b: number): number {
  if (a > 0) return logNormalInterval(-b, -a);
  const upper = logNormalCdf(b);
  if (a === Number.NEGATIVE_INFINITY) return upper;
  return upper + Math.log1p(-Math.exp(logNormalCdf(a) - upper));
}

function density(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * x + x³/3 + x⁵/(3·5) + … (Marsaglia, Evaluating the Normal Distribution, J. Stat. Softw. 2004).
 */
function series(x: number): number {
  let sum = x;
  let term = x;
  for (let i = 3; Math.abs(term) > 1e-16 * Math.abs(sum); i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return sum;
}

/**
 * ln(1 − Φ(x)) for x ≥ 3 by Laplace's continued fraction φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))).
 */
function logTail(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let fraction = x;
  for (let i = 40; i > 0; i--) fraction = x + i / fraction;
  return -0.5 * x * x - 0.5 * Math.log(2 * Math.PI) - Math.log(fraction);
}

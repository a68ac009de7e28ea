/** The float16 number nearest to x, ties to even; NaN beyond its range, as the shaders store it. */
export function nearestHalf(x: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -14);
  const quantum = 2 ** (exponent - 10);
  const scaled = x / quantum;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const nearest = x === 0 ? 0 : (below + Number(up)) * quantum;
  return Math.abs(nearest) <= 65504 ? nearest : Number.NaN;
}

/**
 * How far an activation stored in float16 may lie off x: 11 significant bits; below 2⁻¹⁴, where
 * WGSL leaves the rounding's direction open, multiples of 2⁻²⁴.
 */
export function halfError(x: number): number {
  return 2 ** -11 * Math.abs(x) + 2 ** -24;
}

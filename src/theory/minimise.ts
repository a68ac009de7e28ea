interface Vertex {
  readonly at: readonly number[];
  readonly value: number;
}

/** The search ends after this many steps at the latest. */
const MOST_STEPS = 500;

/** The search ends when the vertices' values differ by at most this, relative to 1 + |value|. */
const PRECISION = 1e-7;

/**
 * Finds a local minimum of a function of a few unknowns without derivatives, by the downhill
 * simplex (Nelder and Mead, Comput. J. 7, 1965). The first simplex is `start` and a `step` from it
 * along each axis. NaN counts as infinite. The result is deterministic.
 */
export function minimise(
  objective: (at: readonly number[]) => number,
  start: readonly number[],
  step: readonly number[],
): Vertex {
  const vertexAt = (at: readonly number[]): Vertex => {
    const value = objective(at);
    return { at, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  };
  let simplex = [start, ...start.map((_, axis) => moved(start, axis, step[axis] ?? 1))].map(
    vertexAt,
  );
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    simplex = simplex.toSorted((a, b) => a.value - b.value);
    const best = simplex[0] as Vertex;
    const worst = simplex.at(-1) as Vertex;
    if (worst.value - best.value <= PRECISION * (1 + Math.abs(best.value))) break;
    const others = simplex.slice(0, -1);
    const centre = start.map(
      (_, axis) => others.reduce((sum, { at }) => sum + (at[axis] ?? 0), 0) / others.length,
    );
    const along = (factor: number) =>
      vertexAt(centre.map((value, axis) => value + factor * ((worst.at[axis] ?? 0) - value)));

    const reflected = along(-1);
    let next = reflected;
    if (reflected.value < best.value) {
      const expanded = along(-2);
      if (expanded.value < reflected.value) next = expanded;
    } else if (reflected.value >= (others.at(-1) as Vertex).value) {
      next = along(reflected.value < worst.value ? -0.5 : 0.5);
    }
    if (next.value < worst.value) simplex = [...others, next];
    else {
      simplex = simplex.map((vertex) =>
        vertex === best
          ? vertex
          : vertexAt(vertex.at.map((value, axis) => (value + (best.at[axis] ?? 0)) / 2)),
      );
    }
  }
  return simplex.toSorted((a, b) => a.value - b.value)[0] as Vertex;
}

function moved(at: readonly number[], axis: number, by: number): readonly number[] {
  return at.map((value, other) => (other === axis ? value + by : value));
}

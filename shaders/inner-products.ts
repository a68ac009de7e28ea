/**
 * Words of a neuron's entry in the f32 buffer `innerProducts` [N × 4], which holds what selection
 * knows of each neuron. Every rule says which of its inner products lies in which word; the same
 * names serve its kernel and the replay of its picks.
 */
export const INNER_PRODUCTS = 4;

/** The inner products that begin at `at`, by the names that a rule gives the words. */
export function namedProducts<Name extends string>(
  words: Readonly<Record<Name, number>>,
  data: ArrayLike<number>,
  at: number,
): Readonly<Record<Name, number>> {
  const named = Object.entries<number>(words).map(([name, word]) => [
    name,
    data[at + word] ?? Number.NaN,
  ]);
  return Object.fromEntries(named) as Record<Name, number>;
}

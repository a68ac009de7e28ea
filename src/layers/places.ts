/** A map's life among the steps of a network. */
export interface Lifetime {
  readonly name: string;
  /** Words it takes. */
  readonly words: number;
  /** The step that writes it, and the last that reads it. */
  readonly from: number;
  readonly to: number;
}

/** Which maps share which buffer. */
export interface Places {
  /** Words of each buffer. */
  readonly buffers: readonly number[];
  /** The buffer of each map. */
  readonly placeOfMap: ReadonlyMap<string, number>;
}

/**
 * Gives maps that are never alive at once the same buffer: largest first, each to the smallest
 * buffer that is free for its whole life. A chain of layers takes two buffers so, and one with
 * shortcuts three.
 */
export function planPlaces(lifetimes: readonly Lifetime[]): Places {
  const buffers: { words: number; readonly taken: Lifetime[] }[] = [];
  const placeOfMap = new Map<string, number>();
  for (const life of [...lifetimes].sort((one, other) => other.words - one.words)) {
    const free = buffers.filter(({ taken }) => taken.every((other) => !meet(life, other)));
    const fitting = free.reduce<(typeof free)[number] | undefined>(
      (best, buffer) => (best && best.words <= buffer.words ? best : buffer),
      undefined,
    );
    const buffer = fitting ?? { words: life.words, taken: [] };
    if (!fitting) buffers.push(buffer);
    buffer.taken.push(life);
    placeOfMap.set(life.name, buffers.indexOf(buffer));
  }
  return { buffers: buffers.map(({ words }) => words), placeOfMap };
}

/** A step writes while what it reads is alive, so lives that touch meet. */
function meet(one: Lifetime, other: Lifetime): boolean {
  return one.from <= other.to && other.from <= one.to;
}

import type { Shapes } from '../graph/shapes.js';
import { wordsOfMap } from './maps.js';
import type { Lifetime } from './places.js';
import type { Steps } from './steps.js';

/**
 * How long each map lives when a network only answers: from the step that writes it to the last
 * that reads it.
 *
 * @param given names of the maps that are there before the first step.
 * @param kept names of maps that live to the end, besides the answers.
 */
export function livesInInference(
  { steps, output }: Steps,
  shapes: Shapes,
  {
    given,
    images,
    kept,
  }: {
    readonly given: readonly string[];
    readonly images: number;
    readonly kept: readonly string[];
  },
): readonly Lifetime[] {
  const end = steps.length;
  const lastRead = new Map<string, number>();
  steps.forEach((step, at) => {
    for (const name of step.inputs) lastRead.set(name, at);
  });
  const lifetimeFrom = (name: string, from: number): Lifetime => ({
    name,
    words: wordsOfMap(shapeOfMap(shapes, name), images),
    from,
    to: name === output || kept.includes(name) ? end : (lastRead.get(name) ?? from),
  });
  return [
    ...given.map((name) => lifetimeFrom(name, -1)),
    ...steps.map((step, at) => lifetimeFrom(step.output, at)),
  ];
}

/** In training every map lives to the end, since the way back needs it. */
export function livesInTraining(
  { steps }: Steps,
  shapes: Shapes,
  { input, images }: { readonly input: string; readonly images: number },
): readonly Lifetime[] {
  return [input, ...steps.map(({ output }) => output)].map((name, at) => ({
    name,
    words: wordsOfMap(shapeOfMap(shapes, name), images),
    from: at - 1,
    to: steps.length,
  }));
}

/**
 * How long each gradient lives on the way back: from the last reader of its map, which comes first
 * there, to the step that wrote the map. The gradient of the input is not wanted.
 *
 * @param kept names of maps whose gradients live to the end.
 */
export function livesOfGradients(
  { steps }: Steps,
  shapes: Shapes,
  { images, kept = [] }: { readonly images: number; readonly kept?: readonly string[] },
): readonly Lifetime[] {
  const end = steps.length;
  return steps.map(({ output }, at) => {
    const reader = steps.findLastIndex(({ inputs }) => inputs.includes(output));
    return {
      name: output,
      words: wordsOfMap(shapeOfMap(shapes, output), images),
      // The answers' gradient comes from the loss, before any step is undone.
      from: reader < 0 ? -1 : end - 1 - reader,
      to: kept.includes(output) ? end : end - 1 - at,
    };
  });
}

/**
 * The inputs that get the first share of their gradient from a step, since no later step reads
 * them. Each is written `step input`.
 */
export function firstShares({ steps }: Steps): ReadonlySet<string> {
  const seen = new Set<string>();
  const first = new Set<string>();
  for (const { inputs, output } of [...steps].reverse()) {
    for (const input of inputs) {
      if (!seen.has(input)) first.add(`${output} ${input}`);
      seen.add(input);
    }
  }
  return first;
}

function shapeOfMap(shapes: Shapes, name: string) {
  const shape = shapes.get(name);
  if (!shape) throw new RangeError(`No shape of the map "${name}".`);
  return shape;
}

import { rowStride } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import type { MapShape } from '../graph/graph.js';
import type { Shapes } from '../graph/shapes.js';
import { type FeatureMap, featureMap } from '../kernels/feature-map.js';
import { type Lifetime, planPlaces } from './places.js';

/** Words that a map of so many images takes, its rows padded. */
export function wordsOfMap({ channels, height, width }: MapShape, images: number): number {
  return images * height * width * rowStride(channels);
}

/** Bytes that maps with these lives take together, before any of them is allocated. */
export function bytesOfMaps(lifetimes: readonly Lifetime[]): number {
  return 4 * planPlaces(lifetimes).buffers.reduce((sum, words) => sum + words, 0);
}

/** Allocates maps and gives each by its name. Maps that are never alive at once share a buffer. */
export function allocateMaps(
  scope: Scope,
  shapes: Shapes,
  { lifetimes, images, label }: MapsRequest,
): ReadonlyMap<string, FeatureMap> {
  const { buffers, placeOfMap } = planPlaces(lifetimes);
  const places = buffers.map((words, place) => scope.buffer(`${label} ${place}`, words));
  return new Map(
    lifetimes.map(({ name }) => {
      const shape = shapes.get(name);
      const buffer = places[placeOfMap.get(name) ?? -1];
      if (!shape || !buffer) throw new RangeError(`No shape or place for the map "${name}".`);
      const { channels, height, width } = shape;
      const rows = images * height * width;
      const stride = rowStride(channels);
      const matrix = { buffer, rows, columns: channels, stride, storage: 'f32' } as const;
      return [name, featureMap(matrix, shape)];
    }),
  );
}

export interface MapsRequest {
  readonly lifetimes: readonly Lifetime[];
  readonly images: number;
  /** What the buffers are called in messages. */
  readonly label: string;
}

/** @throws RangeError when the network has no such map. */
export function mapNamed(maps: ReadonlyMap<string, FeatureMap>, name: string): FeatureMap {
  const map = maps.get(name);
  if (!map) throw new RangeError(`The network has no map "${name}".`);
  return map;
}

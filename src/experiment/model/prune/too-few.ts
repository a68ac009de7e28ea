import { inferShapes } from '../../../graph/shapes.js';
import { planReading, readingsOfUnit } from './consumers.js';
import type { PruneEvent } from './events.js';
import { type Pruning, sampledPositions, unitsInInference } from './pruning.js';

type FewImages = Extract<PruneEvent, { readonly type: 'few-images' }>;
type FewPositions = Extract<PruneEvent, { readonly type: 'few-positions' }>;

/** What is too little to fit what reads the units to, known before anything is measured. */
export function tooFew(pruning: Pruning): FewImages | FewPositions | undefined {
  const { units, input } = pruning;
  const images = input.calibration.count;
  const widest = units.reduce((one, other) => (other.channels > one.channels ? other : one));
  const { name: unit, channels } = widest;
  if (images < channels) return { type: 'few-images', images, unit, channels };
  return fewPositions(pruning);
}

/** Of the consumers that are summed over a sample, the one that lacks most. */
function fewPositions(pruning: Pruning): FewPositions | undefined {
  const { input, options } = pruning;
  const images = input.calibration.count;
  const sampled = sampledPositions(pruning);
  if (!sampled) return undefined;
  const { graph, units } = unitsInInference(pruning);
  const shapes = inferShapes(graph);
  const lacking = units.flatMap((unit) =>
    readingsOfUnit(graph, shapes, unit).flatMap((reading): FewPositions[] => {
      const { node, input: map, kernel, group } = reading;
      const { channels, ...extent } = shapes.get(map)!;
      const { sample, taken } = planReading(reading, extent, sampled);
      // Scales are one a channel, whatever its taps.
      const taps = options.refit === 'weights' ? kernel[0] * kernel[1] : 1;
      const weights = (channels / group.of) * taps;
      if (!sample || images * taken >= weights) return [];
      return [{ type: 'few-positions', node, images, taken, weights }];
    }),
  );
  return lacking.toSorted((one, other) => one.taken / one.weights - other.taken / other.weights)[0];
}

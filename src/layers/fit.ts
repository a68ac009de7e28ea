import type { Device } from '../gpu/device.js';
import { largestBinding, tooLarge } from '../gpu/limits.js';
import type { Shapes } from '../graph/shapes.js';
import { quoted } from '../text.js';
import { wordsOfMap } from './maps.js';

/**
 * Refuses a minibatch that does not fit, before anything is allocated: a training cannot cut it.
 *
 * @throws limit-exceeded with the largest minibatch that fits.
 */
export function requireMinibatch(device: Device, shapes: Shapes, images: number): void {
  const fits = imagesAtOnce(device, shapes, images);
  if (fits < images) throw tooLarge(device, { key: 'batch', what: MAPS, given: images, fits });
}

const MAPS = "a minibatch's maps";

/**
 * How many images go through a network at once: as many as wanted, or as the largest map leaves
 * room for in one binding.
 *
 * @throws limit-exceeded when a map of one image is larger than the adapter binds.
 */
export function imagesAtOnce(device: Device, shapes: Shapes, wanted: number): number {
  const limit = largestBinding(device);
  let fitting = wanted;
  for (const [name, shape] of shapes) {
    const bytes = 4 * wordsOfMap(shape, 1);
    if (bytes > limit) {
      const what = `The map ${quoted(name)} of one image`;
      throw tooLarge(device, { what, unit: 'bytes', given: bytes, fits: limit });
    }
    fitting = Math.min(fitting, Math.floor(limit / bytes));
  }
  return fitting;
}

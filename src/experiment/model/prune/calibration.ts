import { type AnyPictures, type Pictures, picturesAt } from '../../../data/pictures.js';
import { distinctDraws, randomStream } from '../../../random.js';
import type { PruneConfig } from './config.js';

/** The pictures that calibrate: so many distinct ones, drawn by the seed, or all where there are fewer. */
export function drawCalibration(
  asked: Pick<PruneConfig, 'calibration' | 'seed'>,
  pictures: Pictures,
): Pictures;
export function drawCalibration(
  asked: Pick<PruneConfig, 'calibration' | 'seed'>,
  pictures: AnyPictures,
): AnyPictures;
export function drawCalibration(
  { calibration, seed }: Pick<PruneConfig, 'calibration' | 'seed'>,
  pictures: AnyPictures,
): AnyPictures {
  const drawn = Math.min(calibration, pictures.count);
  const draw = distinctDraws(randomStream(seed, 'calibration'), pictures.count);
  return picturesAt(pictures, draw(drawn));
}

import { uploadMatrix } from '../../src/gpu/matrix.js';
import type { FeatureMap } from '../../src/kernels/feature-map.js';
import type { ReferenceMaps } from '../../src/reference/network.js';

/** Puts images into a feature map, which has them position by position. */
export function uploadImages(
  map: FeatureMap,
  { images, channels, height, width, data }: ReferenceMaps,
) {
  const positions = height * width;
  const values = new Float32Array(images * positions * channels);
  values.forEach((_, at) => {
    const channel = at % channels;
    const position = Math.floor(at / channels) % positions;
    const image = Math.floor(at / (channels * positions));
    values[at] = data[(image * channels + channel) * positions + position] ?? Number.NaN;
  });
  uploadMatrix({ ...map.matrix, rows: images * positions }, values);
}

import { GATHER_IMAGES_THREADS, gatherImagesShader } from '../../shaders/gather-images.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import type { FeatureMap } from './feature-map.js';

export interface GatherImages {
  /** Bytes [n · height · width · channels], four to a word, the first in the low bits. */
  readonly pixels: GpuBuffer;
  /** Indices of the images; without it they are taken in order. */
  readonly indices?: GpuBuffer | undefined;
  /** `pixels` has the images of a call alone, in its order; indices then only decide their chance. */
  readonly packed?: boolean;
  /** Mean of each channel, where white is 1; likewise the deviation. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Written: the images, of their own size. */
  readonly map: FeatureMap;
  /** Crop out of a black border of four pixels, and mirror every other image, by chance. */
  readonly augment?: boolean;
}

export interface GatherImagesCall {
  /** As many as the map holds by default. */
  readonly images?: number;
  /** First entry of `indices`, or first image. */
  readonly first?: number;
  /**
   * What an epoch's crops and mirrorings hang on, 32 bits. An image has one draw for a key, by its
   * index, however its minibatch is cut.
   */
  readonly key?: number;
}

/**
 * Prepares map = (pixel / 255 − mean) / deviation, as torchvision's ToTensor and Normalize. With
 * `augment`, RandomCrop with a padding of four and RandomHorizontalFlip stand before them: the
 * border is black, so −mean / deviation in the map.
 *
 * Two operations a number; the least that must move is 5 bytes a number.
 *
 * @throws RangeError when mean or deviation are not one a channel, or a deviation is not positive.
 */
export async function prepareGatherImages(
  device: Device,
  { pixels, indices, packed = false, mean, deviation, map, augment = false }: GatherImages,
): Promise<(commands: Commands, call?: GatherImagesCall) => void> {
  const { height, width, matrix } = map;
  const channels = matrix.columns;
  if (mean.length !== channels || deviation.length !== channels) {
    throw new RangeError(
      `${matrix.buffer.label} has ${channels} channels; there are ${mean.length} means and ${deviation.length} deviations.`,
    );
  }
  const normalisation = mean.map((centre, c) => {
    const spread = deviation[c] ?? Number.NaN;
    if (!(spread > 0)) throw new RangeError(`The deviation of channel ${c} is ${spread}.`);
    return { scale: 1 / spread, shift: -centre / spread };
  });
  const kernel = await prepareKernel(
    device,
    gatherImagesShader({
      height,
      width,
      normalisation,
      gather: indices !== undefined,
      packed,
      augment,
    }),
    { pixels, map: matrix.buffer, ...(indices && { indices }) },
  );
  return (commands, { images = map.images, first = 0, key = 0 } = {}) => {
    const positions = images * height * width;
    commands.dispatch(
      kernel,
      { positions, first, key },
      Math.ceil(positions / GATHER_IMAGES_THREADS),
      2 * positions * channels,
    );
  };
}

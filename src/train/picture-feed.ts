import { type AnyPictures, bytesOfPicture, type Preprocessing } from '../data/pictures.js';
import { readAhead } from '../data/read-ahead.js';
import { type GpuBuffer, upload } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Scope } from '../gpu/scope.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { prepareGatherImages } from '../kernels/gather-images.js';
import { uploadPictures, uploadPixels, wordsOfBytes } from './evaluation.js';

/** Where a minibatch lies in its epoch, and what its crops and mirrorings hang on. */
export interface FedMinibatch {
  readonly first: number;
  readonly images: number;
  readonly key: number;
}

/** Brings minibatches into a network's input. */
export interface PictureFeed {
  /** Of the pictures of the epoch, in its order. */
  readonly indices: GpuBuffer;
  /** Takes up an epoch, from the picture at `first` of its order on. Commands before it must be submitted. */
  begin(order: Uint32Array<ArrayBuffer>, first: number): void;
  /** Encodes the minibatch that comes next. */
  encode(commands: Commands, minibatch: FedMinibatch): Promise<void>;
}

/**
 * Pictures in memory are all copied to the device and gathered there. Streamed ones are copied a
 * minibatch at a time, the next ones being read meanwhile. The input has the same bits either way.
 *
 * @param options.batch pictures of a minibatch.
 */
export async function preparePictureFeed(
  device: Device,
  scope: Scope,
  {
    pictures,
    input,
    options,
  }: {
    readonly pictures: AnyPictures;
    readonly input: FeatureMap;
    readonly options: {
      readonly batch: number;
      readonly augment: boolean;
      readonly preprocessing: Preprocessing;
    };
  },
): Promise<PictureFeed> {
  const { count } = pictures;
  const { batch, augment, preprocessing } = options;
  const streamed = 'read' in pictures;
  const held = streamed ? Math.min(batch, count) : count;
  const pixels = scope.buffer('pictures', wordsOfBytes(held * bytesOfPicture(pictures)));
  const indices = scope.buffer('order of pictures', count);
  const gather = await prepareGatherImages(device, {
    ...{ pixels, indices, packed: streamed, map: input, augment, ...preprocessing },
  });
  if (!streamed) {
    uploadPictures(pixels, pictures, 0, count);
    return {
      indices,
      begin: (order) => upload(indices, order),
      encode: async (commands, minibatch) => gather(commands, minibatch),
    };
  }
  let shards = readAhead(pictures, new Uint32Array(), batch);
  return {
    indices,
    begin: (order, first) => {
      upload(indices, order);
      shards = readAhead(pictures, order.subarray(first), batch);
    },
    encode: async (commands, minibatch) => {
      const shard = await shards.next();
      if (shard.done) throw new RangeError('The epoch has no further minibatch.');
      // Those before take their pictures from the same place. In turn: else copies would pile up.
      await commands.submitInTurn();
      uploadPixels(pixels, shard.value);
      gather(commands, minibatch);
    },
  };
}

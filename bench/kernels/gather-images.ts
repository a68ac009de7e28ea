import { readMatrix } from '../../src/gpu/matrix.js';
import { featureMap } from '../../src/kernels/feature-map.js';
import { prepareGatherImages } from '../../src/kernels/gather-images.js';
import { gatherImagesReference } from '../../src/reference/gather-images.js';
import { requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type GatherImagesShape = {
  readonly images: number;
  readonly size: number;
  readonly channels: number;
  readonly augment?: 1;
};

/** Images that the batch is gathered from. */
const STORED = 1000;

export const gatherImagesBench: KernelBench<GatherImagesShape> = {
  name: 'gather-images',
  shapes: [
    { images: 32, size: 32, channels: 3, augment: 1 },
    { images: 128, size: 32, channels: 3 },
  ],
  operations: ({ images, size, channels }) => 2 * images * size ** 2 * channels,
  bytes: ({ images, size, channels }) => 5 * images * size ** 2 * channels,
  prepare: async ({ device, scope, shape: { images, size, channels, augment } }) => {
    const pixels = new Uint8Array(STORED * size ** 2 * channels);
    randomNumbers(pixels.length, 1).forEach((x, at) => {
      pixels[at] = 128 * (x + 1);
    });
    const indices = Uint32Array.from({ length: images }, (_, i) => (i * 367) % STORED);
    const numbers = images * size ** 2 * channels;
    const matrix = scope.matrix('images', [images * size ** 2, channels], { data: nans(numbers) });
    const map = featureMap(matrix, { height: size, width: size });
    const each = (x: number) => new Array<number>(channels).fill(x);
    const normalisation = { mean: each(0.5), deviation: each(0.25) };
    const run = await prepareGatherImages(device, {
      pixels: scope.bufferFrom('pixels', new Uint32Array(pixels.buffer)),
      indices: scope.bufferFrom('indices', indices),
      ...normalisation,
      map,
      augment: augment === 1,
    });
    const key = 7;
    return {
      encode: (commands) => run(commands, { key }),
      verify: async () => {
        const reference = gatherImagesReference({
          height: size,
          width: size,
          ...normalisation,
          pixels,
          images: indices,
          key: augment ? key : undefined,
        });
        requireWithin(await readMatrix(matrix), reference, 'images');
      },
    };
  },
};

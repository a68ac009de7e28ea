import { requireWithin } from '../../bench/check.js';
import { Commands } from '../../src/gpu/commands.js';
import { type GatherImagesCall, prepareGatherImages } from '../../src/kernels/gather-images.js';
import { gatherImagesReference } from '../../src/reference/gather-images.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, writtenValues } from './memory.js';

interface Spec {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly call?: GatherImagesCall;
  readonly gather?: boolean;
  readonly packed?: boolean;
  readonly augment?: boolean;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1, 1, 1] },
  { shape: [5, 7, 3, 3] },
  { shape: [3, 5, 4, 4], call: { first: 2 } },
  { shape: [2, 3, 5, 7], gather: true, call: { first: 4 } },
  { shape: [4, 6, 5, 3], call: { images: 3, first: 1 } },
  { shape: [3, 32, 32, 3], gather: true, augment: true, call: { key: 0xdeadbeef, first: 1 } },
  {
    shape: [3, 7, 5, 3],
    ...{ gather: true, packed: true, augment: true, call: { key: 0xdeadbeef, first: 2 } },
  },
  { shape: [7, 11, 13, 1], augment: true, call: { key: 1, images: 6 } },
  { shape: [2, 3, 2, 5], augment: true },
];

/** Images behind those that are asked for. */
const SPARE = 9;

export const gatherImagesCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, call = {}, gather = false, packed = false, augment = false } = spec;
  const [count, height, width, channels] = shape;
  const { images = count, first = 0, key = 0 } = call;
  const traits = `${gather ? ', gathered' : ''}${packed ? ', packed' : ''}${augment ? ', augmented' : ''}`;
  const name = `gather-images ${shape.join(' × ')}${traits} ${JSON.stringify(call)}`;
  return memoryCase(name, async (device, memory) => {
    const stored = first + count + SPARE;
    const pixels = new Uint8Array(4 * Math.ceil((stored * height * width * channels) / 4));
    randomNumbers(pixels.length, 1).forEach((x, at) => {
      pixels[at] = Math.abs(x) * 1000;
    });
    const indices = Uint32Array.from({ length: first + count }, (_, i) => (i * 5 + 3) % stored);
    const mean = Array.from({ length: channels }, (_, c) => 0.485 - 0.03 * c);
    const deviation = Array.from({ length: channels }, (_, c) => 0.229 + 0.1 * c);
    const map = memory.map({ images: count, height, width, channels });
    const run = await prepareGatherImages(device, {
      pixels: memory.buffer(new Uint32Array(pixels.buffer)),
      indices: gather ? memory.buffer(indices) : undefined,
      packed,
      mean,
      deviation,
      map,
      augment,
    });
    const commands = new Commands(device);
    run(commands, call);
    await commands.finish();
    const reference = gatherImagesReference({
      height,
      width,
      mean,
      deviation,
      pixels,
      images: Array.from(
        { length: images },
        (_, i) => (gather ? indices[first + i] : first + i) ?? -1,
      ),
      packed,
      key: augment ? key : undefined,
    });
    requireWithin(await writtenValues(map, images), reference);
  });
});

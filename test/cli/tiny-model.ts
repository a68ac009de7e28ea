import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PREPROCESSINGS } from '../../src/data/pictures.js';
import { encodeModel } from '../../src/experiment/model/model.js';
import { buildArchitecture } from '../../src/models/architectures.js';
import { drawWeights } from '../../src/models/initial-weights.js';
import { randomStream } from '../../src/random.js';

/** Leaves a narrow network, `net.safetensors`, and pictures of noise in `data`. */
export async function writeTinyModel(folder: string): Promise<void> {
  await writeTinyPictures(folder);
  // Narrow, as no architecture is by its name alone: the file says so itself.
  const graph = buildArchitecture('resnet8', { width: 0.25 });
  const model = {
    network: { graph, weights: drawWeights(graph, 1) },
    preprocessing: PREPROCESSINGS.cifar10,
    counters: new Map(),
  };
  await writeFile(join(folder, 'net.safetensors'), encodeModel(model));
}

/** Leaves pictures of noise in `data`. */
export async function writeTinyPictures(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data/data_batch_1.bin'), records(20, 1));
  await writeFile(join(folder, 'data/test_batch.bin'), records(10, 2));
}

/** CIFAR-10's records of noise, of each class in turn. */
function records(count: number, seed: number): Uint8Array {
  const stream = randomStream(seed, 'records');
  return Uint8Array.from({ length: count * 3073 }, (_, at) =>
    at % 3073 === 0 ? (at / 3073) % 10 : stream.below(256),
  );
}

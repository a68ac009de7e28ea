import type { AnyPictures, PictureSet, Pictures, Preprocessing } from '../data/pictures.js';
import { bytesOfPicture, requirePictures } from '../data/pictures.js';
import { pixelsByShard } from '../data/read-ahead.js';
import { type GpuBuffer, readFloats, upload } from '../gpu/buffer.js';
import { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network } from '../graph/weights.js';
import { prepareGatherImages } from '../kernels/gather-images.js';
import { prepareSoftmaxLoss } from '../kernels/softmax-loss.js';
import { prepareInference } from '../layers/inference.js';

/** How well a network answers for pictures. */
export interface PictureEvaluation {
  /** Mean softmax cross-entropy, and the share of right answers; only where pictures have labels. */
  readonly loss?: number;
  readonly accuracy?: number;
  /** Logits [count × classes], where they were asked for. */
  readonly answers?: Float32Array;
}

export interface EvaluationOptions {
  readonly preprocessing: Preprocessing;
  /** Pictures at once; fewer where the adapter binds no larger maps. */
  readonly batch?: number;
  /** Give the answers too: each minibatch then waits for the GPU. */
  readonly answers?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Pictures at once by default: enough to keep any adapter busy. */
export const EVALUATED_AT_ONCE = 100;

/**
 * Answers for all pictures, a minibatch at a time, in inference form; yields how many are done, now
 * and then. Losses are added up in float64.
 *
 * @throws bad-data for pictures of another size or labels outside the classes; bad-network;
 *   limit-exceeded; aborted between submits.
 */
export async function* evaluatePictures(
  device: Device,
  network: Network,
  pictures: AnyPictures,
  { preprocessing, batch = EVALUATED_AT_ONCE, answers: wanted = false, signal }: EvaluationOptions,
): AsyncGenerator<number, PictureEvaluation> {
  const { count, labels } = pictures;
  requireAnswerable(network, pictures);
  using scope = new Scope(device);
  using inference = await prepareInference(device, network, { images: Math.min(batch, count) });
  const { images, input, output } = inference;
  const classes = output.matrix.columns;
  const pixels = scope.buffer('pictures', wordsOfBytes(images * bytesOfPicture(pictures)));
  const gather = await prepareGatherImages(device, { pixels, map: input, ...preprocessing });
  const results = scope.buffer('losses', 2 * count);
  const judge =
    labels &&
    (await prepareSoftmaxLoss(device, {
      logits: output.matrix,
      labels: scope.bufferFrom('labels', Uint32Array.from(labels)),
      results,
    }));
  const answers = wanted ? new Float32Array(count * classes) : undefined;
  const commands = new Commands(device);
  let first = 0;
  for await (const shard of pixelsByShard(pictures, images)) {
    const own = Math.min(images, count - first);
    uploadPixels(pixels, shard);
    gather(commands, { images: own });
    inference.encode(commands, own);
    judge?.(commands, { images: own, first, firstResult: first });
    await commands.submitIfFull(signal);
    // The next pictures take the place of these.
    commands.submit();
    if (answers) {
      const block = (await readMatrix(output.matrix)).subarray(0, own * classes);
      answers.set(block, first * classes);
    }
    first += own;
    yield first;
  }
  await commands.finish();
  const given = answers && { answers };
  if (!judge) return { ...given };
  const { loss, right } = addPairs(await readFloats(results));
  return { loss: loss / count, accuracy: right / count, ...given };
}

/**
 * Refuses pictures that a network does not take, before anything is allocated.
 *
 * @throws bad-data as `requirePictures` does.
 */
export function requireAnswerable({ graph }: Network, pictures: PictureSet): void {
  const classes = inferShapes(graph).get(graph.output)?.channels ?? 0;
  requirePictures(pictures, graph.input, classes);
}

/** Copies pictures to the device. */
export function uploadPictures(
  buffer: GpuBuffer,
  pictures: Pictures,
  first: number,
  count: number,
): void {
  const size = bytesOfPicture(pictures);
  uploadPixels(buffer, pictures.pixels.subarray(first * size, (first + count) * size));
}

/** Copies pixels to the device, four bytes to a word. */
export function uploadPixels(buffer: GpuBuffer, pixels: Uint8Array): void {
  const bytes = new Uint8Array(4 * wordsOfBytes(pixels.length));
  bytes.set(pixels);
  upload(buffer, new Uint32Array(bytes.buffer));
}

/** Words that hold so many bytes, and one more: a load of four may begin at any byte. */
export function wordsOfBytes(bytes: number): number {
  return Math.ceil(bytes / 4) + 1;
}

/** Pictures of so many bytes that a buffer of so many bytes holds. */
export function mostPictures(bufferBytes: number, pictureBytes: number): number {
  return Math.floor((bufferBytes - 4) / pictureBytes);
}

/** Sums of the losses and of the right answers among pairs of them, one an image, in float64. */
export function addPairs(pairs: Float32Array): { readonly loss: number; readonly right: number } {
  let loss = 0;
  let right = 0;
  for (let pair = 0; pair < pairs.length; pair += 2) {
    loss += pairs[pair] ?? Number.NaN;
    right += pairs[pair + 1] ?? Number.NaN;
  }
  return { loss, right };
}

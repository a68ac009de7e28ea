import { EspalierError } from '../../../errors.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { readMatrix } from '../../../gpu/matrix.js';
import { prepareSegment } from '../../../layers/segment.js';
import { type Calibrated, encodeSegment } from './frontier.js';

/**
 * The network's answers for the first so many calibration images, of as many as there are, from where
 * they are on [images × classes].
 *
 * @throws bad-data where one is not finite.
 */
export async function answersFrom(
  device: Device,
  { network, frontier }: Calibrated,
  images: number,
): Promise<Float32Array> {
  const { output } = network.graph;
  using segment = await prepareSegment(device, network, {
    images: frontier.chunks[0]?.images ?? 1,
    given: frontier.names,
    wanted: [output],
  });
  const { matrix } = segment.map(output);
  const blocks: Float32Array[] = [];
  let done = 0;
  for (const chunk of frontier.chunks) {
    if (done >= images) break;
    const commands = new Commands(device);
    // Of the last chunk often a part is enough.
    const part = { ...chunk, images: Math.min(chunk.images, images - done) };
    encodeSegment(commands, segment, part);
    commands.submit();
    blocks.push((await readMatrix(matrix)).subarray(0, part.images * matrix.columns));
    done += part.images;
  }
  const answers = new Float32Array(done * matrix.columns);
  let at = 0;
  for (const block of blocks) {
    answers.set(block, at);
    at += block.length;
  }
  if (!answers.every(Number.isFinite)) {
    throw new EspalierError(
      'bad-data',
      'The answers to the calibration images are not finite: the network diverged, or its images are not preprocessed as it expects.',
    );
  }
  return answers;
}

/** Mean KL(softmax(dense) ‖ softmax(cut)) in nats, from logits [images × classes]. */
export function meanDivergence(dense: Float32Array, cut: Float32Array, classes: number): number {
  let sum = 0;
  for (let first = 0; first < dense.length; first += classes) {
    const [p, q] = [dense, cut].map((all) => logSoftmax(all.subarray(first, first + classes)));
    for (let c = 0; c < classes; c++) {
      const own = p?.[c] as number;
      sum += Math.exp(own) * (own - (q?.[c] as number));
    }
  }
  return (sum * classes) / dense.length;
}

/** Share of the images for which both have the same largest answer. */
export function agreement(dense: Float32Array, cut: Float32Array, classes: number): number {
  let same = 0;
  for (let first = 0; first < dense.length; first += classes) {
    const [one, other] = [dense, cut].map((all) => largest(all.subarray(first, first + classes)));
    if (one === other) same += 1;
  }
  return (same * classes) / dense.length;
}

/** Index of the largest value; of equal ones the first. */
export function largest(values: Float32Array): number {
  let best = 0;
  values.forEach((value, at) => {
    if (value > (values[best] as number)) best = at;
  });
  return best;
}

function logSoftmax(logits: Float32Array): Float64Array {
  const most = logits.reduce((one, other) => Math.max(one, other), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - most);
  const log = most + Math.log(sum);
  return Float64Array.from(logits, (value) => value - log);
}

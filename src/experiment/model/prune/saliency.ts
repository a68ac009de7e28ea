import { bytesOfPicture } from '../../../data/pictures.js';
import { throwIfAborted } from '../../../errors.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { readMatrix } from '../../../gpu/matrix.js';
import { Scope } from '../../../gpu/scope.js';
import { inferShapes } from '../../../graph/shapes.js';
import type { Unit } from '../../../graph/units.js';
import type { Network } from '../../../graph/weights.js';
import { featureMap } from '../../../kernels/feature-map.js';
import { prepareGateGradient } from '../../../kernels/gate-gradient.js';
import { prepareGatherImages } from '../../../kernels/gather-images.js';
import { prepareSoftmaxLoss } from '../../../kernels/softmax-loss.js';
import { prepareTraining } from '../../../layers/training.js';
import { uploadPictures, wordsOfBytes } from '../../../train/evaluation.js';
import { readingsOfUnit } from './consumers.js';
import type { PruneInput } from './events.js';
import { chunkImages } from './frontier.js';

/** Pictures at once at most: on the way back every map of theirs is kept. */
const PICTURES_AT_ONCE = 32;

/**
 * How far the loss would move, to first order, if a channel went: the mean over pictures of
 * |Σ_positions activation · ∂loss/∂activation| in each map that a consumer of the unit reads, of
 * several maps added up (Molchanov et al., *Pruning Convolutional Neural Networks for Resource
 * Efficient Inference*, ICLR 2017). The loss is the cross-entropy by the labels. All units take one
 * way forth and back together.
 *
 * The sum of a channel's positions is the gradient of a gate of ones behind it, and the kernel that
 * computes such gradients computes it.
 *
 * @param network in inference form.
 * @returns a number a channel, by the units' names.
 * @throws limit-exceeded; aborted between minibatches.
 */
export async function measureSaliency(
  device: Device,
  { network, units }: { readonly network: Network; readonly units: readonly Unit[] },
  { calibration, preprocessing }: Pick<PruneInput, 'calibration' | 'preprocessing'>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Float64Array>> {
  const { graph } = network;
  const shapes = inferShapes(graph);
  const reads = units.map((unit) => {
    const inputs = new Set(readingsOfUnit(graph, shapes, unit).map(({ input }) => input));
    return { unit, maps: unit.maps.filter(({ node }) => inputs.has(node)) };
  });
  const names = [...new Set(reads.flatMap(({ maps }) => maps.map(({ node }) => node)))];
  const images = Math.min(PICTURES_AT_ONCE, chunkImages(graph), calibration.count);
  using scope = new Scope(device);
  using training = await prepareTraining(device, network, { images, kept: names });
  const { input, output, outputGradient } = training;
  const pixels = scope.buffer('pictures', wordsOfBytes(images * bytesOfPicture(calibration)));
  const gather = await prepareGatherImages(device, { pixels, map: input, ...preprocessing });
  const judge = await prepareSoftmaxLoss(device, {
    logits: output.matrix,
    labels: scope.bufferFrom('labels', calibration.labels ?? new Uint32Array()),
    gradient: outputGradient.matrix,
    results: scope.buffer('losses', 2 * images),
  });
  const sums = await Promise.all(
    names.map(async (name) => {
      const map = training.map(name);
      const into = scope.matrix(`saliency of ${name}`, [images, map.matrix.columns]);
      const run = await prepareGateGradient(device, {
        input: map,
        gradient: training.gradient(name),
        into: featureMap(into, { height: 1, width: 1 }),
      });
      return { name, into, run, totals: new Float64Array(map.matrix.columns) };
    }),
  );
  for (let first = 0; first < calibration.count; first += images) {
    const own = Math.min(images, calibration.count - first);
    uploadPictures(pixels, calibration, first, own);
    const commands = new Commands(device);
    gather(commands, { images: own });
    training.forward(commands, own);
    judge(commands, { images: own, first, scale: 1 });
    training.backward(commands, own);
    for (const { run } of sums) run(commands, { images: own });
    await commands.finish();
    for (const { into, totals } of sums) {
      const values = (await readMatrix(into)).subarray(0, own * totals.length);
      values.forEach((value, at) => {
        const channel = at % totals.length;
        totals[channel] = (totals[channel] as number) + Math.abs(value) / calibration.count;
      });
    }
    throwIfAborted(signal);
  }
  const byMap = new Map(sums.map(({ name, totals }) => [name, totals]));
  return new Map(
    reads.map(({ unit, maps }) => {
      const values = new Float64Array(unit.channels);
      for (const { node: name, places } of maps) {
        places.forEach((own, channel) => {
          for (const place of own) {
            values[channel] = (values[channel] as number) + (byMap.get(name)?.[place] ?? 0);
          }
        });
      }
      return [unit.name, values];
    }),
  );
}

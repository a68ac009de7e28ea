import { DISPOSE } from '../disposal.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network } from '../graph/weights.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { requireMinibatch } from '../layers/fit.js';
import { prepareInference } from '../layers/inference.js';
import { wordsOfMap } from '../layers/maps.js';

/** A network whose answers another one learns. */
export interface Teacher {
  readonly network: Network;
  /**
   * Share of the divergence KL(teacher ‖ network) in the loss, above 0; the rest is the cross-entropy
   * by the labels. 1 is distillation alone, which needs no labels.
   */
  readonly share: number;
}

/** A teacher made ready. What it holds on the device lives until `dispose`. */
export interface PreparedTeacher extends Disposable {
  /** Its logits, a row an image. */
  readonly answers: Matrix;
  /** Encodes its answers to the first `images` images of the learner's input. */
  readonly encode: (commands: Commands, images: number) => void;
}

/**
 * Makes a teacher ready, in inference form, that answers the very images that a learner sees,
 * cropped and mirrored as they are.
 *
 * @param input of the learner.
 * @throws limit-exceeded, before anything is allocated, for a minibatch that does not fit.
 */
export async function prepareTeacher(
  device: Device,
  network: Network,
  input: FeatureMap,
): Promise<PreparedTeacher> {
  const { images } = input;
  requireMinibatch(device, inferShapes(network.graph), images);
  const inference = await prepareInference(device, network, { images });
  return {
    answers: inference.output.matrix,
    encode: (commands, count) => {
      const words = wordsOfMap(network.graph.input, count);
      commands.copy(input.matrix.buffer, inference.input.matrix.buffer, words);
      inference.encode(commands, count);
    },
    [DISPOSE]: () => inference.dispose(),
  };
}

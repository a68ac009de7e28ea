import { type ImageSource, imagesAt, type LabelledImages, labelsIn } from '../data/images.js';
import { networkInputs } from '../data/preprocess.js';
import { drawSubset } from '../data/subset.js';
import { type Task, taskOutputs, taskTargets } from '../data/tasks.js';
import type { Device } from '../gpu/device.js';
import { type Dataset, uploadDataset } from '../models/dataset.js';
import type { TwoLayerShape } from '../models/two-layer.js';
import type { RunConfig } from './run-config.js';

/** The examples of one run: the drawn training images and all test images. */
export interface Examples {
  /** The source's name. */
  readonly source: string;
  /** The training examples' places in the source, ascending. */
  readonly indices: Uint32Array;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  /** Labels that occur among all training images of the source. */
  readonly sourceLabels: readonly number[];
}

/**
 * Draws `count` training examples uniformly without replacement.
 *
 * @throws bad-config when the source has fewer.
 */
export function drawExamples(source: ImageSource, count: number, seed: number): Examples {
  const indices = drawSubset(source.train.count, count, seed);
  const { name, train, test } = source;
  return {
    source: name,
    indices,
    train: imagesAt(train, indices),
    test,
    sourceLabels: labelsIn(train),
  };
}

/** The network that is trained on such examples. */
export function networkShape(
  { task, activation, width }: Pick<RunConfig, 'task' | 'activation' | 'width'>,
  { train }: Pick<Examples, 'train'>,
): TwoLayerShape {
  return { width, inputs: train.rows * train.columns + 1, outputs: taskOutputs(task), activation };
}

/** Preprocesses and uploads labelled images, once for all that follows. */
export function uploadImages(
  device: Device,
  label: string,
  images: LabelledImages,
  task: Task,
): Dataset {
  const targets = taskTargets(task, images.labels);
  return uploadDataset(device, label, {
    count: images.count,
    inputs: networkInputs(images),
    targets,
  });
}

import { type GpuBuffer, upload } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { randomStream } from '../random.js';
import type { BatchStream, StepContext, TrainingOptions } from './options.js';

/** Batch indices uploaded at once. */
const INDEX_BLOCK = 2 ** 16;

/** Examples that a step draws; none when it takes all of them. */
export function drawnBatch(
  { count }: Dataset,
  { batch }: Pick<TrainingOptions, 'batch'>,
): number | undefined {
  return batch === 'full' || batch >= count ? undefined : batch;
}

/** The draws as they stand after so many steps, which are made again. */
export function batchStream(
  dataset: Dataset,
  options: TrainingOptions,
  iteration: number,
): BatchStream {
  const stream = randomStream(options.seed, options.purpose ?? 'batches');
  const drawn = iteration * (drawnBatch(dataset, options) ?? 0);
  for (let i = 0; i < drawn; i++) stream.below(dataset.count);
  return { stream, drawn };
}

export interface Batches {
  /** The drawn examples' rows in the dataset, for a block of steps; none when all are taken. */
  readonly index: GpuBuffer | undefined;
  /** Place in `index` of the next step's first; draws and uploads a block when it is due. */
  readonly nextBatch: (commands: Commands) => number;
}

/** The examples of the steps up to iteration `until`. */
export function prepareBatches(training: StepContext, until: number, scope: Scope): Batches {
  const { dataset, options, batches } = training;
  const size = drawnBatch(dataset, options);
  if (size === undefined) return { index: undefined, nextBatch: () => 0 };
  // Whoever left the steps early has drawn for some that were never taken.
  if (batches.drawn !== training.iteration * size) {
    Object.assign(batches, batchStream(dataset, options, training.iteration));
  }
  const stepsPerBlock = Math.max(1, Math.floor(INDEX_BLOCK / size));
  const indices = new Uint32Array(stepsPerBlock * size);
  // Rows as far apart as drawn ones, for kernels that are tried before the first draw.
  const index = scope.bufferOf(
    'batch indices',
    indices.map((_, i) => i % dataset.count),
  );
  let stepOfBlock = 0;
  const nextBatch = (commands: Commands): number => {
    if (stepOfBlock === 0) {
      // What is encoded still reads the block before: it has to be on its way first.
      commands.submit();
      // No more than will be used, so that the draws do not depend on where checkpoints fall.
      const steps = Math.min(stepsPerBlock, until - training.iteration);
      const drawn = indices.subarray(0, steps * size);
      for (let i = 0; i < drawn.length; i++) drawn[i] = batches.stream.below(dataset.count);
      batches.drawn += drawn.length;
      upload(index, drawn);
    }
    const first = stepOfBlock * size;
    stepOfBlock = (stepOfBlock + 1) % stepsPerBlock;
    return first;
  };
  return { index, nextBatch };
}

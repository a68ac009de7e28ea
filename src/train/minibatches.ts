import { type GpuBuffer, upload } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Scope } from '../gpu/scope.js';
import type { Dataset } from '../models/dataset.js';
import { randomStream } from '../random.js';
import { DRAWS_IN_A_TURN, turn } from '../turn.js';
import type { MinibatchStream, StepContext, TrainingOptions } from './options.js';

/** Indices of minibatches uploaded at once. */
const INDEX_BLOCK = 2 ** 16;

/** Examples that a step draws; none when it takes all of them. */
export function minibatchSize(
  { count }: Dataset,
  { batch }: Pick<TrainingOptions, 'batch'>,
): number | undefined {
  return batch === 'full' || batch >= count ? undefined : batch;
}

/** The draws before the first step. */
export function minibatchStream({ seed, purpose }: TrainingOptions): MinibatchStream {
  return { stream: randomStream(seed, purpose ?? 'batches'), drawn: 0 };
}

/**
 * Brings the draws to where they stand after the steps done: those of all steps before are made again.
 *
 * @throws aborted when the signal fires meanwhile: a state may claim any number of steps.
 */
async function drawAgain(
  { dataset, options, minibatches, iteration }: StepContext,
  size: number,
  signal?: AbortSignal,
): Promise<void> {
  const wanted = iteration * size;
  // Whoever left the steps early has drawn for some that were never taken.
  if (minibatches.drawn > wanted) Object.assign(minibatches, minibatchStream(options));
  while (minibatches.drawn < wanted) {
    const draws = Math.min(DRAWS_IN_A_TURN, wanted - minibatches.drawn);
    for (let i = 0; i < draws; i++) minibatches.stream.below(dataset.count);
    minibatches.drawn += draws;
    await turn(signal);
  }
}

export interface Minibatches {
  /** Of the drawn examples in the dataset, for a block of steps; none when all are taken. */
  readonly indices: GpuBuffer | undefined;
  /** Place in `indices` of the next step's first; draws and uploads a block when it is due. */
  readonly nextMinibatch: (commands: Commands) => number;
}

/**
 * The examples of the steps up to iteration `until`.
 *
 * @throws aborted when the signal fires while earlier draws are made again.
 */
export async function prepareMinibatches(
  training: StepContext,
  until: number,
  scope: Scope,
  signal?: AbortSignal,
): Promise<Minibatches> {
  const { dataset, options, minibatches } = training;
  const size = minibatchSize(dataset, options);
  if (size === undefined) return { indices: undefined, nextMinibatch: () => 0 };
  await drawAgain(training, size, signal);
  const stepsPerBlock = Math.max(1, Math.floor(INDEX_BLOCK / size));
  const block = new Uint32Array(stepsPerBlock * size);
  // As far apart as drawn ones, for kernels that are tried before the first draw.
  const indices = scope.bufferFrom(
    'minibatch indices',
    block.map((_, i) => i % dataset.count),
  );
  let stepOfBlock = 0;
  const nextMinibatch = (commands: Commands): number => {
    if (stepOfBlock === 0) {
      // What is encoded still reads the block before: it has to be on its way first.
      commands.submit();
      // No more than will be used, so that the draws do not depend on where checkpoints fall.
      const steps = Math.min(stepsPerBlock, until - training.iteration);
      const drawn = block.subarray(0, steps * size);
      for (let i = 0; i < drawn.length; i++) drawn[i] = minibatches.stream.below(dataset.count);
      minibatches.drawn += drawn.length;
      upload(indices, drawn);
    }
    const first = stepOfBlock * size;
    stepOfBlock = (stepOfBlock + 1) % stepsPerBlock;
    return first;
  };
  return { indices, nextMinibatch };
}

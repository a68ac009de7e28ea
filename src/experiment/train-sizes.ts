import { EspalierError } from '../errors.js';
import type { Device } from '../gpu/device.js';
import {
  readParameters,
  type TwoLayerNetwork,
  type TwoLayerParameters,
  uploadTwoLayer,
} from '../models/two-layer.js';
import type { TrainingProgress } from '../train/gradient-descent.js';
import { trainFirst, trainOn } from './controls.js';
import { networkShape } from './examples.js';
import { type Experiment, openExperiment, uploadFirst } from './experiment.js';
import { type Performance, performanceOf } from './improve.js';
import { relayed } from './relay.js';
import type { RunConfig } from './run-config.js';
import { progressEvent, type RunProgress } from './run-events.js';
import type { SizesInput } from './sizes.js';

/** What to train at several sizes. */
export interface TrainSizesInput extends Pick<SizesInput, 'config' | 'examples'> {
  /** Steps of pre-training that the pruned network had. */
  readonly iteration: number;
  /** Subnetworks to fine-tune. */
  readonly subnetworks: readonly TwoLayerParameters[];
  /** Widths of networks to train from their own first weights. */
  readonly widths: readonly number[];
}

/**
 * A network that was trained beside a run: a subnetwork that was fine-tuned; one of its size from
 * scratch after the steps of pre-training; and that after the steps of fine-tuning, too.
 */
export interface TrainedSize extends Performance {
  readonly type: 'trained-size';
  readonly way: 'fine-tuned' | 'from-scratch' | 'from-scratch-tuned';
  readonly network: TwoLayerParameters;
}

/**
 * Trains networks of several sizes, all by the steps and at the rates of one run, and refitted where
 * it refits. A network whose training diverges is left out.
 *
 * @throws aborted between submits when the signal fires; device-lost and out-of-memory.
 */
export async function* trainSizes(
  device: Device,
  { config, examples, iteration, subnetworks, widths }: TrainSizesInput,
  signal?: AbortSignal,
): AsyncGenerator<RunProgress | TrainedSize, void> {
  using experiment = await openExperiment(device, config, examples, signal);
  const { fineTune } = config;
  const tuned = fineTune > 0 ? subnetworks : [];
  const each = iteration + fineTune;
  const total = tuned.length * fineTune + widths.length * each;
  const progress = (before: number) => (step: TrainingProgress) =>
    progressEvent({ phase: 'controls', iteration, done: before + step.iteration, total });
  for (const [place, parameters] of tuned.entries()) {
    using network = uploadTwoLayer(device, parameters);
    const steps = relayed(trainOn(experiment, network), progress(place * fineTune));
    yield* trainedBy(experiment, network, { steps, way: 'fine-tuned' });
  }
  const shape = networkShape(config, examples);
  for (const [place, width] of widths.entries()) {
    const before = tuned.length * fineTune + place * each;
    using network = await uploadFirst(experiment, { ...shape, width });
    const first = relayed(trainFirst(experiment, network, iteration), progress(before));
    yield* trainedBy(experiment, network, { steps: first, way: 'from-scratch' });
    if (fineTune === 0) continue;
    const steps = relayed(trainOn(experiment, network), progress(before + iteration));
    yield* trainedBy(experiment, network, { steps, way: 'from-scratch-tuned' });
  }
}

async function* trainedBy(
  experiment: Experiment<RunConfig>,
  network: TwoLayerNetwork,
  {
    steps,
    way,
  }: { readonly steps: AsyncGenerator<RunProgress, void>; readonly way: TrainedSize['way'] },
): AsyncGenerator<RunProgress | TrainedSize, void> {
  try {
    yield* steps;
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'diverged') return;
    throw error;
  }
  const performance = await performanceOf(experiment, network);
  if (!performance) return;
  yield { type: 'trained-size', way, network: await readParameters(network), ...performance };
}

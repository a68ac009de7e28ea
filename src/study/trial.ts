import { imagesChecksum } from '../data/images.js';
import { type Examples, networkShape } from '../experiment/examples.js';
import { openExperiment, pretraining } from '../experiment/experiment.js';
import { requireFits } from '../experiment/size-limits.js';
import { readState, type TrainedState } from '../experiment/state.js';
import type { Device } from '../gpu/device.js';
import { drawParametersInTurns, uploadTwoLayer } from '../models/two-layer.js';
import { advance, divergence, startTraining } from '../train/gradient-descent.js';
import { type Cell, cellKey } from './cell.js';
import { listPrunings, studyCheckpoints, type Trial, trialConfig } from './grid.js';
import { pruneCheckpoint } from './prune-checkpoint.js';
import type { StudyConfig } from './study-config.js';

/** The configuration of a study, one of its trials, and what is known of that trial. */
export interface TrialInput {
  readonly config: StudyConfig;
  readonly trial: Trial;
  readonly examples: Examples;
  /** Keys (`cellKey`) of the trial's cells that are finished already. */
  readonly known?: readonly string[];
}

/** What a trial yields: progress, and at each checkpoint the state to resume from and its cells. */
export type TrialEvent =
  | {
      readonly type: 'progress';
      readonly trial: Trial;
      readonly iteration: number;
      readonly minibatchLoss: number | undefined;
    }
  /** The state of training at a checkpoint. It is yielded before the cells of that checkpoint. */
  | { readonly type: 'state'; readonly trial: Trial; readonly state: TrainedState }
  | { readonly type: 'cell'; readonly trial: Trial; readonly cell: Cell };

/**
 * Does one trial of a study: one pre-training, pruned at each of its checkpoints. Given the last
 * state that an earlier call yielded, it goes on from there, and on the same adapter its cells have
 * the same bits. Cells in `known` are not computed again.
 *
 * @throws limit-exceeded before anything is allocated that is too large; diverged, aborted,
 *   device-lost and out-of-memory as they happen.
 */
export async function* studyTrial(
  device: Device,
  input: TrialInput,
  state?: TrainedState,
  signal?: AbortSignal,
): AsyncGenerator<TrialEvent, void> {
  const { trial, examples } = input;
  const config = trialConfig(input.config, trial);
  const picks = Math.max(...input.config.picks);
  requireFits(device, { ...config, ...trial, picks, rules: input.config.rule }, examples.train, {
    examples: 'sizes',
  });
  using experiment = await openExperiment(device, config, examples, signal);
  const missing = missingCells(input);
  // Training cannot go back: when a cell before the kept state is missing, it starts anew.
  const kept = state && state.iteration <= (missing[0]?.iteration ?? 0) ? state : undefined;
  const shape = networkShape(config, examples);
  const first = kept?.network ?? (await drawParametersInTurns(shape, config.seed, signal));
  using network = uploadTwoLayer(device, first);
  using training = startTraining(network, experiment.train, pretraining(config), kept);
  const images = { inputs: network.inputs, crc32: imagesChecksum(examples.train) };

  const clock = stopwatch();
  for (const { iteration, prunings } of missing) {
    for await (const { minibatchLoss, iteration: done } of advance(training, iteration, signal)) {
      clock.pause();
      yield { type: 'progress', trial, iteration: done, minibatchLoss };
      clock.resume();
    }
    const now = await readState(training);
    clock.pause();
    if (iteration !== kept?.iteration) yield { type: 'state', trial, state: now };
    clock.resume();
    const pruned = await pruneCheckpoint(experiment, { network, state: now }, prunings);
    const seconds = clock.take() / pruned.length;
    for (const { pruning, figures } of pruned) {
      // Float32 overflows first where nobody trains: in the loss of new images.
      const finite = Object.values(figures).every(
        (value) => typeof value !== 'number' || Number.isFinite(value),
      );
      if (!finite) throw divergence(iteration, config);
      const cell = { ...trial, iteration, ...pruning, ...images, ...figures, seconds };
      yield { type: 'cell', trial, cell };
    }
    clock.resume();
  }
}

/** The checkpoints with missing cells, in order, each with its missing prunings. */
function missingCells({ config, trial, known = [] }: TrialInput) {
  return studyCheckpoints(config)
    .map((iteration) => ({
      iteration,
      prunings: listPrunings(config).filter(
        (pruning) => !known.includes(cellKey({ ...trial, ...pruning, iteration })),
      ),
    }))
    .filter(({ prunings }) => prunings.length > 0);
}

/** Counts seconds. It is paused while the caller handles an event. */
function stopwatch() {
  let total = 0;
  let since = performance.now();
  const pause = () => {
    total += (performance.now() - since) / 1000;
  };
  const resume = () => {
    since = performance.now();
  };
  const take = () => {
    pause();
    const taken = total;
    total = 0;
    return taken;
  };
  return { pause, resume, take };
}

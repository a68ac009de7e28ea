import type { ImageSource } from '../data/images.js';
import { taskOutputs } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { checkpointCount, checkpointIterations } from '../experiment/run-config.js';
import type { StudyConfig } from './study-config.js';

/** One pre-training of the study. All cells of its checkpoints come from it. */
export interface Trial {
  readonly examples: number;
  /** The number of the trial, from 0. Trial r of every size has the seed `seed` + r. */
  readonly trial: number;
  readonly width: number;
  readonly learningRate: number;
  readonly batch: number | 'full';
}

/** How a checkpoint of a trial is pruned. */
export interface Pruning {
  readonly picks: number;
  readonly method: StudyConfig['method'][number];
  readonly rule: StudyConfig['rule'][number];
}

/**
 * All trials of the study, in the order in which they are done. In each setting trial 0 of every
 * size comes first, then trial 1 of every size. So the first results already cover all sizes.
 */
export function listTrials(config: StudyConfig): readonly Trial[] {
  const settings = config.width.flatMap((width) =>
    config.learningRate.flatMap((learningRate) =>
      config.batch.map((batch) => ({ width, learningRate, batch })),
    ),
  );
  return settings.flatMap((setting) =>
    Array.from({ length: config.trials }, (_, trial) => trial).flatMap((trial) =>
      config.sizes.map((examples) => ({ examples, trial, ...setting })),
    ),
  );
}

/** All prunings of a checkpoint. Only greedy selection has rules; other methods use `average`. */
export function listPrunings(config: StudyConfig): readonly Pruning[] {
  return config.method.flatMap((method) => {
    const rules = method === 'greedy' ? config.rule : (['average'] as const);
    return rules.flatMap((rule) => config.picks.map((picks) => ({ picks, method, rule })));
  });
}

/** The iterations after which each trial of the study is pruned, ascending from 0. */
export function studyCheckpoints({ iterations, pruneEvery }: StudyConfig): readonly number[] {
  return checkpointIterations(iterations, pruneEvery);
}

/** Whether the study prunes its trials after that iteration. */
export function isCheckpoint({ iterations, pruneEvery }: StudyConfig, iteration: number): boolean {
  return iteration === iterations || (iteration < iterations && iteration % pruneEvery === 0);
}

/** Whether the study has that trial. */
function hasTrial(config: StudyConfig, trial: Trial): boolean {
  return (
    config.sizes.includes(trial.examples) &&
    trial.trial < config.trials &&
    config.width.includes(trial.width) &&
    config.learningRate.includes(trial.learningRate) &&
    config.batch.includes(trial.batch)
  );
}

/** Whether the study has a cell of that trial, checkpoint and pruning. */
export function hasCell(
  config: StudyConfig,
  cell: Trial & {
    readonly iteration: number;
    readonly picks: number;
    readonly method: string;
    readonly rule: string;
  },
): boolean {
  const { picks, method, rule, iteration } = cell;
  return (
    hasTrial(config, cell) &&
    isCheckpoint(config, iteration) &&
    listPrunings(config).some(
      (pruning) => pruning.picks === picks && pruning.method === method && pruning.rule === rule,
    )
  );
}

/** How many cells the whole study has. */
export function cellCount(config: StudyConfig): number {
  const { sizes, trials, width, learningRate, batch } = config;
  // Computed and not listed: the page asks often, and a link may ask for very many trials.
  const pretrainings = sizes.length * trials * width.length * learningRate.length * batch.length;
  const checkpoints = checkpointCount(config.iterations, config.pruneEvery);
  return pretrainings * checkpoints * listPrunings(config).length;
}

/** A trial's name in files and in queues: `m125-r0-n256-lr1-b64`. */
export function trialName({ examples, trial, width, learningRate, batch }: Trial): string {
  return `m${examples}-r${trial}-n${width}-lr${learningRate}-b${batch}`;
}

export function trialSeed(
  { seed }: Pick<StudyConfig, 'seed'>,
  { trial }: Pick<Trial, 'trial'>,
): number {
  return seed + trial;
}

/** A study's configuration with the values of one trial in place of the lists. */
export type TrialConfig = Omit<StudyConfig, 'width' | 'learningRate' | 'batch'> &
  Pick<Trial, 'width' | 'learningRate' | 'batch'>;

export function trialConfig(config: StudyConfig, trial: Trial): TrialConfig {
  const { width, learningRate, batch } = trial;
  return { ...config, width, learningRate, batch, seed: trialSeed(config, trial) };
}

/** @throws bad-config when a size is larger than the number of training examples. */
export function requireSizes({ sizes }: StudyConfig, { name, train }: ImageSource): void {
  const large = sizes.find((size) => size > train.count);
  if (large === undefined) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'sizes',
    given: large,
    allowed: `whole numbers from 1 to ${train.count}`,
    because: `${name} has no more training examples`,
  });
}

/**
 * An estimate of a trial's floating-point operations, with N neurons, d inputs, C outputs, m
 * examples and batches of b:
 *
 * - a step: 2bN(d + C) forwards and as many for the gradients;
 * - a checkpoint: 2N(d + C) for each example that the networks are evaluated on, twice for training
 *   examples (activations, then losses) and once for test examples;
 * - a selection of k: 2Nm for each of at most min(k, N) Gram rows;
 * - a step of fine-tuning: as many as two steps of the dense network, which covers the networks
 *   that it is compared with.
 *
 * @param inputs d.
 */
export function trialOperations(
  config: StudyConfig,
  trial: Trial,
  inputs: number,
  testExamples: number,
): number {
  const { examples: m, width } = trial;
  const weights = width * (inputs + taskOutputs(config.task));
  const step = 4 * weights * (trial.batch === 'full' ? m : trial.batch);
  const measure = 2 * weights * (2 * m + testExamples);
  const select = listPrunings(config).reduce(
    (sum, { picks }) => sum + 2 * width * m * Math.min(picks, width),
    0,
  );
  const checkpoints = studyCheckpoints(config).length;
  const fineTuning =
    config.fineTune === 0
      ? 0
      : checkpoints * listPrunings(config).length * config.fineTune * 2 * step;
  return config.iterations * step + checkpoints * (measure + select) + fineTuning;
}

import type { ImageSource } from '../data/images.js';
import { taskOutputs } from '../data/tasks.js';
import { EspalierError } from '../errors.js';
import { checkpointIterations } from '../experiment/run-config.js';
import type { StudyConfig } from './study-config.js';

/** One pre-training of the study; it serves all cells of its checkpoints. */
export interface Trial {
  readonly examples: number;
  /** From 0; trial r of every size has the seed `seed` + r. */
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
 * Every trial of the study. In each setting trial 0 of every size comes first, then trial 1 of every
 * size, so that early figures span the sizes.
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

/** Only greedy selection has a rule; the neurons of the other methods are averaged. */
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

/** How many cells the whole study has. */
export function cellCount(config: StudyConfig): number {
  const { sizes, trials, width, learningRate, batch } = config;
  // Not by `listTrials`: a page asks as it draws, whatever numbers its link has.
  const pretrainings = sizes.length * trials * width.length * learningRate.length * batch.length;
  return pretrainings * studyCheckpoints(config).length * listPrunings(config).length;
}

/** A name for a trial, fit for a file and a job: `m125-r0-n256-lr1-b64`. */
export function trialName({ examples, trial, width, learningRate, batch }: Trial): string {
  return `m${examples}-r${trial}-n${width}-lr${learningRate}-b${batch}`;
}

export function trialSeed(
  { seed }: Pick<StudyConfig, 'seed'>,
  { trial }: Pick<Trial, 'trial'>,
): number {
  return seed + trial;
}

/** A study's configuration with the trial's own values. */
export type TrialConfig = Omit<StudyConfig, 'width' | 'learningRate' | 'batch'> &
  Pick<Trial, 'width' | 'learningRate' | 'batch'>;

export function trialConfig(config: StudyConfig, trial: Trial): TrialConfig {
  const { width, learningRate, batch } = trial;
  return { ...config, width, learningRate, batch, seed: trialSeed(config, trial) };
}

/** @throws bad-config when a size is larger than the source. */
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
 * Floating-point operations of a trial: for each step 2bNd forwards and 2bNd for the hidden
 * gradient; for each checkpoint 2Nd an example for activations and figures, over training and test
 * examples, and 2Nm for each of at most k Gram rows. Smaller terms are left out.
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

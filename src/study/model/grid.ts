import type { AnyPictures, PictureSource } from '../../data/pictures.js';
import { picturesAt } from '../../data/pictures.js';
import { EspalierError } from '../../errors.js';
import type { ChannelCriterion } from '../../prune/channels/criteria.js';
import { distinctDraws, randomStream } from '../../random.js';
import { stepsOfEpoch } from '../../train/epochs.js';
import { lengthOfStudy, type ModelStudyConfig } from './config.js';

/** One of the networks that a study is of. */
export interface StudiedModel {
  readonly architecture: string;
  /** The multiple of its channels. */
  readonly width: number;
}

/** `resnet20 of width 0.5`. */
export function studiedModelText({ architecture, width }: StudiedModel): string {
  return width === 1 ? architecture : `${architecture} of width ${width}`;
}

/** One pre-training of a deep network. All cells of its checkpoints come from it. */
export interface ModelTrial extends StudiedModel {
  readonly examples: number;
  /** The number of the trial, from 0. Trial r of every size has the seed `seed` + r. */
  readonly trial: number;
}

/** Steps of one size of dataset. */
export interface Steps {
  /** Of the whole pre-training. */
  readonly all: number;
  readonly checkpoints: readonly number[];
  readonly fineTune: number;
}

/** All networks, in the order in which they are studied: each architecture at every width. */
export function listStudiedModels({
  architecture,
  widths,
}: Pick<ModelStudyConfig, 'architecture' | 'widths'>): readonly StudiedModel[] {
  return architecture.flatMap((name) => widths.map((width) => ({ architecture: name, width })));
}

/** All trials, in the order in which they are done: of each network trial 0 of every size first. */
export function listModelTrials(config: ModelStudyConfig): readonly ModelTrial[] {
  const trials = Array.from({ length: config.trials }, (_, trial) => trial);
  return listStudiedModels(config).flatMap((model) =>
    trials.flatMap((trial) => config.sizes.map((examples) => ({ ...model, examples, trial }))),
  );
}

/** The steps that a study takes with so many pictures. */
export function stepsOfStudy(config: ModelStudyConfig, examples: number): Steps {
  const { iterations, batch, checkpoints, fineTune } = config;
  const each = iterations === undefined ? stepsOfEpoch({ examples, batch }) : 1;
  return {
    all: each * lengthOfStudy(config),
    checkpoints: checkpoints.map((at) => each * at),
    fineTune: each * fineTune,
  };
}

/** What identifies a cell within its study. */
export interface ModelCellPlace extends ModelTrial {
  readonly iteration: number;
  readonly criterion: ChannelCriterion;
}

/** The places of a trial's cells, in the order in which they are filled. */
export function placesOfTrial(
  config: ModelStudyConfig,
  trial: ModelTrial,
): readonly ModelCellPlace[] {
  return stepsOfStudy(config, trial.examples).checkpoints.flatMap((iteration) =>
    config.criteria.map((criterion) => ({ ...trial, iteration, criterion })),
  );
}

/** The places of all cells of the study, in the order in which they are filled. */
export function placesOfStudy(config: ModelStudyConfig): readonly ModelCellPlace[] {
  return listModelTrials(config).flatMap((trial) => placesOfTrial(config, trial));
}

/** Whether the study has a cell there. */
export function hasModelCell(
  config: ModelStudyConfig,
  {
    architecture,
    width,
    examples,
    trial,
    iteration,
    criterion,
  }: Omit<ModelCellPlace, 'criterion'> & {
    readonly criterion: string;
  },
): boolean {
  const names: readonly string[] = config.criteria;
  return (
    config.architecture.includes(architecture) &&
    config.widths.includes(width) &&
    config.sizes.includes(examples) &&
    trial < config.trials &&
    names.includes(criterion) &&
    stepsOfStudy(config, examples).checkpoints.includes(iteration)
  );
}

/** A trial's name in files: `resnet8-w0.5-m500-r0`. */
export function nameOfModelTrial({ architecture, width, examples, trial }: ModelTrial): string {
  return `${architecture}-w${width}-m${examples}-r${trial}`;
}

export function seedOfModelTrial(
  { seed }: Pick<ModelStudyConfig, 'seed'>,
  { trial }: Pick<ModelTrial, 'trial'>,
): number {
  return seed + trial;
}

/** The pictures that a trial trains on: those that `espalier train` draws by the same seed. */
export function drawPictures(pictures: AnyPictures, examples: number, seed: number): AnyPictures {
  const draw = distinctDraws(randomStream(seed, 'pictures'), pictures.count);
  return picturesAt(pictures, draw(examples));
}

/**
 * Refuses data that a study cannot be made with.
 *
 * @throws bad-data for pictures without labels, or a class with fewer pictures than its share of a
 *   batch; bad-config for more pictures than there are.
 */
export function requireStudyPictures(
  config: ModelStudyConfig,
  { name, train, test }: Pick<PictureSource<AnyPictures>, 'name' | 'train' | 'test'>,
): void {
  const { sizes, batch, testPictures = 1 } = config;
  if (!train.labels || !test.labels) {
    throw new EspalierError(
      'bad-data',
      `A study learns from labels and is judged by them, and ${name} has pictures without.`,
    );
  }
  requireAtMost('sizes', sizes.at(-1) ?? 0, train.count, `${name} has no more to train on`);
  requireAtMost('testPictures', testPictures, test.count, `${name} has no more to measure with`);
  const counts = new Map<number, number>();
  for (const label of train.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const classes = train.classes?.length ?? Math.max(...counts.keys()) + 1;
  const needed = Math.ceil(batch / classes);
  for (let label = 0; label < classes; label++) {
    const found = counts.get(label) ?? 0;
    if (found >= needed) continue;
    throw new EspalierError('bad-data', {
      kind: 'message',
      message: `${name} has ${found} pictures of the class ${train.classes?.[label] ?? label}, fewer than the ${needed} that a batch of ${batch} would have of each class if all were alike.`,
      ...(found > 0 && { instead: { batch: found * classes } }),
    });
  }
}

function requireAtMost(key: string, given: number, most: number, because: string): void {
  if (given <= most) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key,
    given,
    allowed: `whole numbers from 1 to ${most}`,
    because,
  });
}

import type { ImageSource } from '../data/images.js';
import { imagesChecksum } from '../data/images.js';
import { EspalierError } from '../errors.js';
import { drawExamples, type Examples } from '../experiment/examples.js';
import type { TrainedState } from '../experiment/state.js';
import type { Device } from '../gpu/device.js';
import { type Cell, cellKey } from './cell.js';
import {
  listPrunings,
  listTrials,
  requireSizes,
  studyCheckpoints,
  type Trial,
  trialName,
  trialSeed,
} from './grid.js';
import type { StudyConfig } from './study-config.js';
import { studyTrial, type TrialEvent, type TrialInput } from './trial.js';

/** A study's configuration and images, and what an earlier session of it finished. */
export interface StudyInput {
  readonly config: StudyConfig;
  readonly source: ImageSource;
  /** Cells that an earlier session finished. */
  readonly cells?: readonly Cell[];
  /** The last states of unfinished trials, by `trialName`. */
  readonly states?: ReadonlyMap<string, TrainedState>;
}

/**
 * Does a whole study on one device. Yields progress, the states to resume from, and each finished
 * cell. Returns all cells, earlier ones included.
 *
 * @throws bad-config when a size is larger than the number of training examples; what `trialInput`
 *   and `studyTrial` throw.
 */
export async function* study(
  device: Device,
  { config, source, cells = [], states }: StudyInput,
  signal?: AbortSignal,
): AsyncGenerator<TrialEvent, readonly Cell[]> {
  requireSizes(config, source);
  const all = [...cells];
  for (const trial of openTrials(config, cells)) {
    const input = trialInput(config, source, trial, cells);
    for await (const event of studyTrial(device, input, states?.get(trialName(trial)), signal)) {
      if (event.type === 'cell') all.push(event.cell);
      yield event;
    }
  }
  return all;
}

/** The trials of which a cell is missing. */
export function openTrials(config: StudyConfig, cells: readonly Cell[]): readonly Trial[] {
  const known = new Set(cells.map(cellKey));
  return listTrials(config).filter((trial) =>
    trialCellKeys(config, trial).some((key) => !known.has(key)),
  );
}

/**
 * The input of `studyTrial` for one trial.
 *
 * @throws bad-data when the source holds other images than those that the cells were computed from.
 */
export function trialInput(
  config: StudyConfig,
  source: ImageSource,
  trial: Trial,
  cells: readonly Cell[],
): TrialInput {
  requireSameImages(config, source, cells);
  const wanted = new Set(trialCellKeys(config, trial));
  return {
    config,
    trial,
    examples: drawExamples(source, trial.examples, trialSeed(config, trial)),
    known: cells.map(cellKey).filter((key) => wanted.has(key)),
  };
}

function trialCellKeys(config: StudyConfig, trial: Trial): readonly string[] {
  return studyCheckpoints(config).flatMap((iteration) =>
    listPrunings(config).map((pruning) => cellKey({ ...trial, ...pruning, iteration })),
  );
}

function requireSameImages(config: StudyConfig, source: ImageSource, cells: readonly Cell[]): void {
  const cell = cells.find(({ crc32 }) => crc32 !== undefined);
  if (!cell) return;
  const examples = drawExamples(source, cell.examples, trialSeed(config, cell));
  requireImages(examples, source.name, cell.crc32);
}

/**
 * Checks that a study goes on with the images that it began with.
 *
 * @param name the name of the source, for the error.
 * @param expected the `imagesChecksum` of the training examples when the study began.
 * @throws bad-data when the training examples have another checksum.
 */
export function requireImages(
  { train }: Examples,
  name: string,
  expected: string | undefined,
): void {
  const crc32 = imagesChecksum(train);
  if (crc32 !== expected) throw otherImages(name, expected, crc32);
}

/** The error of a study that would go on with other images. */
export function otherImages(
  name: string,
  expected: string | undefined,
  here: string,
): EspalierError {
  return new EspalierError(
    'bad-data',
    `The study is of other images or labels than ${name} holds (checksum ${expected}, here ${here}). Go on with the data that it began with, or begin another study.`,
  );
}

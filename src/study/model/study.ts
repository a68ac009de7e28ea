import type { AnyPictures, PictureSource } from '../../data/pictures.js';
import type { Device } from '../../gpu/device.js';
import { keyOfCell } from '../records.js';
import { MODEL_CELLS, type ModelStudyCell } from './cell.js';
import type { ModelStudyConfig } from './config.js';
import { listModelTrials, type ModelCellPlace, placesOfTrial } from './grid.js';
import type { ModelTrialEvent } from './making.js';
import { materialOfStudy, modelTrialInput, requireSamePictures } from './material.js';
import { studyModelTrial } from './trial.js';

/** A study's configuration and pictures, and what an earlier session of it finished. */
export interface ModelStudyInput {
  readonly config: ModelStudyConfig;
  /** Pictures of the size that the networks take, with labels. */
  readonly source: Pick<PictureSource<AnyPictures>, 'name' | 'train' | 'test'>;
  /** Cells that an earlier session finished. */
  readonly cells?: readonly ModelStudyCell[];
}

/**
 * Does a whole study of deep networks on one device. Yields progress, networks, and each finished cell.
 * Returns all cells, earlier ones included.
 *
 * @throws bad-config, bad-data, before any work, for pictures, budgets and layouts that do not fit; what
 *   `studyModelTrial` throws.
 */
export async function* studyModel(
  device: Device,
  { config, source, cells = [] }: ModelStudyInput,
  signal?: AbortSignal,
): AsyncGenerator<ModelTrialEvent, readonly ModelStudyCell[]> {
  const material = materialOfStudy(config, source);
  await requireSamePictures(config, material, cells, signal);
  const key = (place: ModelCellPlace) => keyOfCell(MODEL_CELLS, place);
  const done = new Set(cells.map(key));
  const all = [...cells];
  for (const trial of listModelTrials(config)) {
    const [first, ...others] = placesOfTrial(config, trial).filter(
      (place) => !done.has(key(place)),
    );
    if (!first) continue;
    const input = await modelTrialInput(config, material, [first, ...others], signal);
    for await (const event of studyModelTrial(device, input, signal)) {
      if (event.type === 'cell') all.push(event.cell);
      yield event;
    }
  }
  return all;
}

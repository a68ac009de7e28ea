import { join } from 'node:path';
import type { Preprocessing } from '../data/pictures.js';
import { MODEL_STUDY } from '../study/kinds.js';
import type { ModelStudyCell } from '../study/model/cell.js';
import { type ModelStudyConfig, modelStudyIdentity } from '../study/model/config.js';
import { type ModelTrial, nameOfModelTrial } from '../study/model/grid.js';
import { folderByIdentity } from './study-folder.js';
import { openStudyRecords, type StudyRecords } from './study-records.js';
import { type TrialNetworks, trialNetworks } from './trial-networks.js';

const TRIAL = /^[a-z\d-]+-w[\de.+-]+-m\d+-r\d+$/;

/** The records of a study of a deep network, and a folder of networks for each trial. */
export interface ModelStudyFolder extends StudyRecords<ModelStudyCell> {
  networksOfTrial(trial: ModelTrial): TrialNetworks;
}

/** The folder of a study that names none: the same study finds the same one again. */
export function defaultModelStudyFolder(config: ModelStudyConfig): string {
  return folderByIdentity(
    config.preset ?? config.architecture.join('-'),
    modelStudyIdentity(config),
  );
}

/**
 * Opens or makes a study's folder and claims it.
 *
 * @throws as `openStudyRecords` does.
 */
export async function openModelStudyFolder(
  path: string,
  config: ModelStudyConfig,
  preprocessingOf: (trial: ModelTrial) => Preprocessing,
): Promise<ModelStudyFolder> {
  const isWork = (name: string) => TRIAL.test(name);
  const records = await openStudyRecords(MODEL_STUDY, path, { config, isWork });
  return {
    ...records,
    networksOfTrial: (trial) =>
      trialNetworks(join(path, nameOfModelTrial(trial)), preprocessingOf(trial)),
  };
}

import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError } from '../errors.js';
import { decodeState, encodeState, type TrainedState } from '../experiment/state.js';
import type { TwoLayerShape } from '../models/two-layer.js';
import type { Cell } from '../study/cell.js';
import { isCheckpoint, listTrials, type Trial, trialName } from '../study/grid.js';
import { TWO_LAYER_STUDY } from '../study/kinds.js';
import { openTrials } from '../study/study.js';
import { type StudyConfig, studyIdentity } from '../study/study-config.js';
import { namesIn, readIfThere, writeWhole } from './files.js';
import {
  CELLS_FILE,
  openStudyRecords,
  readStudyRecords,
  type StudyRecords,
} from './study-records.js';

const STATE = /^state-.+\.safetensors$/;

/** The folder of a deep trial, as `nameOfModelTrial` calls it: there before the first cell. */
const MODEL_TRIAL = /^.+-w[\d.]+-m\d+-r\d+$/;

/** Whether only a study leaves files or folders of that name. */
export function isStudyFile(name: string): boolean {
  return (
    name === CELLS_FILE || name === 'thresholds.json' || STATE.test(name) || MODEL_TRIAL.test(name)
  );
}

/** A study's records on disk, claimed by this process. */
export interface StudyFolder extends StudyRecords<Cell> {
  saveState(trial: Trial, state: TrainedState): Promise<void>;
  /** The state from which a trial can go on. */
  readState(trial: Trial, shape: TwoLayerShape): Promise<TrainedState | undefined>;
  removeState(trial: Trial): Promise<void>;
}

/** The folder of a study that names none: the same study finds the same one again. */
export function defaultStudyFolder(config: StudyConfig): string {
  return folderByIdentity(`${config.task}-${config.preset}`, studyIdentity(config));
}

export function folderByIdentity(name: string, identity: string): string {
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 6);
  return join('runs', `study-${name}-${hash}`);
}

/**
 * Opens or makes a study's folder and claims it.
 *
 * @throws as `openStudyRecords` does.
 */
export async function openStudyFolder(path: string, config: StudyConfig): Promise<StudyFolder> {
  const isWork = (name: string) => STATE.test(name);
  const records = await openStudyRecords(TWO_LAYER_STUDY, path, { config, isWork });
  await dropStates(path, config, records.cells);
  return {
    ...records,
    saveState: (trial, state) =>
      writeWhole(path, { name: stateFile(trial), bytes: encodeState(state) }),
    readState: async (trial, shape) => {
      const file = join(path, stateFile(trial));
      const bytes = await readIfThere(file);
      const state = bytes && decodeState(bytes, file, shape);
      if (state) requireOwnState(config, state, file);
      return state;
    },
    removeState: (trial) => rm(join(path, stateFile(trial)), { force: true }),
  };
}

function stateFile(trial: Trial): string {
  return `state-${trialName(trial)}.safetensors`;
}

/** Removes states of trials whose cells are all there: a kill may come between the last of them and that. */
async function dropStates(
  path: string,
  config: StudyConfig,
  cells: readonly Cell[],
): Promise<void> {
  const states = (await namesIn(path)).filter((name) => STATE.test(name));
  if (states.length === 0) return;
  const open = new Set(openTrials(config, cells).map(stateFile));
  const done = new Set(
    listTrials(config)
      .map(stateFile)
      .filter((name) => !open.has(name)),
  );
  for (const name of states) if (done.has(name)) await rm(join(path, name), { force: true });
}

/** A file under a right checksum may still be of another study. */
function requireOwnState(config: StudyConfig, state: TrainedState, file: string): void {
  const { iteration, velocity } = state;
  const fail = (what: string) =>
    new EspalierError(
      'bad-data',
      `${file} ${what}. Remove the file to train that trial from its start.`,
    );
  if (!isCheckpoint(config, iteration)) {
    throw fail(`is of iteration ${iteration}, which is no checkpoint of this study`);
  }
  if (config.momentum > 0 && iteration > 0 && !velocity) {
    throw fail(`has no velocities, which momentum ${config.momentum} goes on with`);
  }
}

/**
 * Reads a study's folder without changing or claiming it.
 *
 * @throws bad-config when it holds no study; bad-data when a record is corrupt.
 */
export function readStudyFolder(
  path: string,
): Promise<{ readonly config: StudyConfig; readonly cells: readonly Cell[] }> {
  return readStudyRecords(TWO_LAYER_STUDY, path);
}

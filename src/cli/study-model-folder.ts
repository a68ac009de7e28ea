import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocessing } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import { encodeModel, loadModel } from '../experiment/model/model.js';
import type { Tensor } from '../formats/safetensors.js';
import { decodeSealed, encodeSealed } from '../formats/sealed.js';
import type { Network, Weight, Weights } from '../graph/weights.js';
import { MODEL_STUDY } from '../study/kinds.js';
import type { ModelStudyCell } from '../study/model/cell.js';
import { type ModelStudyConfig, modelStudyIdentity } from '../study/model/config.js';
import { type ModelTrial, nameOfModelTrial } from '../study/model/grid.js';
import type { KeptTraining } from '../study/model/train-kept.js';
import { iterationInName } from '../study/model/trial.js';
import { makeFolder, namesIn, readIfThere, writeWhole } from './files.js';
import { folderByIdentity } from './study-folder.js';
import { openStudyRecords, type StudyRecords } from './study-records.js';

const TRIAL = /^m\d+-r\d+$/;
const STATE = 'state.safetensors';
const NETWORK = /^(.+)\.safetensors$/;

/** The records of a study of a deep network, and a folder of networks for each trial. */
export interface ModelStudyFolder extends StudyRecords<ModelStudyCell> {
  saveNetwork(trial: ModelTrial, name: string, network: Network): Promise<void>;
  saveTraining(trial: ModelTrial, training: KeptTraining): Promise<void>;
  /** What a trial has left of networks of these checkpoints, and of a training under way. */
  readTrial(
    trial: ModelTrial,
    iterations: readonly number[],
  ): Promise<{
    readonly networks: ReadonlyMap<string, Network>;
    readonly training?: KeptTraining;
  }>;
  removeTraining(trial: ModelTrial): Promise<void>;
}

/** The folder of a study that names none: the same study finds the same one again. */
export function defaultModelStudyFolder(config: ModelStudyConfig): string {
  return folderByIdentity(config.preset ?? config.architecture, modelStudyIdentity(config));
}

/**
 * Opens or makes a study's folder and claims it.
 *
 * @throws as `openStudyRecords` does.
 */
export async function openModelStudyFolder(
  path: string,
  config: ModelStudyConfig,
  preprocessing: Preprocessing,
): Promise<ModelStudyFolder> {
  const isWork = (name: string) => TRIAL.test(name);
  const records = await openStudyRecords(MODEL_STUDY, path, { config, isWork });
  const folderOfTrial = async (trial: ModelTrial) => {
    const folder = join(path, nameOfModelTrial(trial));
    await makeFolder(folder);
    return folder;
  };
  const save = async (trial: ModelTrial, name: string, bytes: Uint8Array) =>
    writeWhole(await folderOfTrial(trial), { name, bytes });
  return {
    ...records,
    saveNetwork: (trial, name, network) => {
      const model = { network, preprocessing, counters: new Map() };
      return save(trial, `${name}.safetensors`, encodeModel(model));
    },
    saveTraining: (trial, training) => save(trial, STATE, encodeTraining(training)),
    readTrial: async (trial, iterations) => {
      const folder = join(path, nameOfModelTrial(trial));
      const networks = new Map<string, Network>();
      for (const file of await namesIn(folder)) {
        const [, name = ''] = NETWORK.exec(file) ?? [];
        const iteration = iterationInName(name);
        if (iteration === undefined || !iterations.includes(iteration)) continue;
        const bytes = await readIfThere(join(folder, file));
        if (bytes) networks.set(name, loadModel(bytes, join(folder, file)).network);
      }
      const bytes = await readIfThere(join(folder, STATE));
      return { networks, ...(bytes && { training: decodeTraining(bytes, join(folder, STATE)) }) };
    },
    removeTraining: async (trial) => {
      await rm(join(path, nameOfModelTrial(trial), STATE), { force: true });
    },
  };
}

const PARTS = ['weights', 'velocities'] as const;

/** A training under way as a safetensors file with a checksum. */
function encodeTraining({ name, state }: KeptTraining): Uint8Array<ArrayBuffer> {
  const tensors = PARTS.flatMap((part) =>
    [...state[part]].map(([key, weight]): [string, Tensor] => [
      `${part}/${key}`,
      { dtype: 'F32', shape: weight.shape, data: weight.data },
    ]),
  );
  return encodeSealed(Object.fromEntries(tensors), { training: name, step: String(state.step) });
}

/** @throws bad-data naming the file when it is no training under way, or was changed. */
function decodeTraining(bytes: Uint8Array, file: string): KeptTraining {
  const { tensors, metadata, sealed } = decodeSealed(bytes, file);
  const name = metadata.get('training');
  const step = Number(metadata.get('step'));
  if (!sealed || name === undefined || !Number.isSafeInteger(step)) {
    throw new EspalierError(
      'bad-data',
      `${file} is no training of this study that was under way. Remove the file to begin that training anew.`,
    );
  }
  const part = (own: (typeof PARTS)[number]): Weights =>
    new Map(
      [...tensors].flatMap(([key, tensor]): [string, Weight][] => {
        if (!key.startsWith(`${own}/`) || tensor.dtype !== 'F32') return [];
        return [[key.slice(own.length + 1), { shape: tensor.shape, data: tensor.data }]];
      }),
    );
  return { name, state: { step, weights: part('weights'), velocities: part('velocities') } };
}

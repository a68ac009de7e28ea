import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import type { TrainEvent } from '../experiment/model/train.js';
import { parseTrainConfig, type TrainConfig } from '../experiment/model/train-config.js';
import { RUN_FILES, weightsIteration } from '../experiment/run-files.js';
import { decodeWeights, encodeWeights } from '../formats/weights.js';
import type { Weights } from '../graph/weights.js';
import { parseJson } from '../json.js';
import type { NetworkTrainingState } from '../train/network-training.js';
import { appendLine, namesIn, writeJson, writeWhole } from './files.js';

/** A training that lies in a folder: its configuration and where it stood last. */
export interface KeptTraining {
  readonly config: TrainConfig;
  readonly state: NetworkTrainingState;
}

const fileOfEpoch = (kind: 'weights' | 'momentum', epoch: number) =>
  `${kind}-${Number(epoch.toFixed(4))}.safetensors`;

/** Removes a checkpoint that was only kept until there was a later one. */
export async function dropCheckpoint(folder: string, epoch: number): Promise<void> {
  await rm(join(folder, fileOfEpoch('weights', epoch)), { force: true });
  await rm(join(folder, fileOfEpoch('momentum', epoch)), { force: true });
}

/** Keeps a checkpoint: the weights as PyTorch loads them, and what momentum has accumulated. */
export async function keepCheckpoint(
  folder: string,
  { epoch, state, figures }: Extract<TrainEvent, { readonly type: 'checkpoint' }>,
  { architecture }: Pick<TrainConfig, 'architecture'>,
): Promise<void> {
  const metadata = { architecture, epoch: String(epoch), step: String(state.step) };
  const file = (kind: 'weights' | 'momentum', weights: Weights) => ({
    name: fileOfEpoch(kind, epoch),
    bytes: encodeWeights({ weights }, metadata),
  });
  // The weights are written last: where they lie, their momentum lies too.
  await writeWhole(folder, file('momentum', state.velocities));
  await writeWhole(folder, file('weights', state.weights));
  const line = JSON.stringify({ type: 'checkpoint', epoch, step: state.step, ...figures });
  await appendLine(join(folder, RUN_FILES.events), line);
}

export async function keepConfig(folder: string, config: TrainConfig): Promise<void> {
  await writeJson(folder, RUN_FILES.config, config);
}

/**
 * Reads the training that a folder holds, at its newest checkpoint.
 *
 * @throws bad-data or bad-config naming the file.
 */
export async function readKeptTraining(folder: string): Promise<KeptTraining> {
  const file = join(folder, RUN_FILES.config);
  let given: unknown;
  try {
    given = parseJson(await readFile(file));
  } catch (cause) {
    throw new EspalierError(
      'bad-config',
      `${file} is no configuration of a training: ${errorMessage(cause)}.`,
      { cause },
    );
  }
  const epochs = (await namesIn(folder)).map(weightsIteration);
  const newest = epochs.filter((epoch) => epoch !== undefined).sort((a, b) => b - a)[0];
  if (newest === undefined) {
    throw new EspalierError('bad-data', `${folder} holds no weights of a training to go on from.`);
  }
  const read = async (kind: string) => {
    const path = join(folder, `${kind}-${newest}.safetensors`);
    const bytes = await readFile(path);
    const { weights, texts } = decodeWeights(bytes, path);
    return { weights, step: stepFromMetadata(texts, path) };
  };
  const [own, momentum] = [await read('weights'), await read('momentum')];
  if (own.step !== momentum.step) {
    throw new EspalierError(
      'bad-data',
      `${folder} holds weights of step ${own.step} and a momentum of step ${momentum.step} as those of epoch ${newest}: one of the files was exchanged. Go on from another folder.`,
    );
  }
  return {
    config: parseTrainConfig(given),
    state: { ...own, velocities: momentum.weights },
  };
}

function stepFromMetadata(metadata: ReadonlyMap<string, string>, path: string): number {
  const step = Number(metadata.get('step'));
  if (metadata.has('step') && Number.isSafeInteger(step) && step >= 0) return step;
  throw new EspalierError(
    'bad-data',
    `${path} does not say at which step it was written: it is no checkpoint of a training.`,
  );
}

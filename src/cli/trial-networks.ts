import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Preprocessing } from '../data/pictures.js';
import { EspalierError } from '../errors.js';
import { encodeModel, loadModel } from '../experiment/model/model.js';
import type { Tensor } from '../formats/safetensors.js';
import { decodeSealed, encodeSealed } from '../formats/sealed.js';
import type { Network, Weight, Weights } from '../graph/weights.js';
import { iterationInName, type ModelTrialEvent } from '../study/model/making.js';
import type { KeptTraining } from '../study/model/train-kept.js';
import { makeFolder, namesIn, readIfThere, writeWhole } from './files.js';

const STATE = 'state.safetensors';
const NETWORK = /^(.+)\.safetensors$/;

/** What a trial of a deep network leaves on its way, in a folder of its own. */
export interface TrialNetworks {
  /** Keeps a network, or the training that is under way; other events leave nothing. */
  keep(event: ModelTrialEvent): Promise<void>;
  /** The networks that are there of these checkpoints, and the training that was under way. */
  read(iterations: readonly number[]): Promise<{
    readonly networks: ReadonlyMap<string, Network>;
    readonly training?: KeptTraining;
  }>;
  removeTraining(): Promise<void>;
}

export function trialNetworks(folder: string, preprocessing: Preprocessing): TrialNetworks {
  const state = join(folder, STATE);
  const save = async (name: string, bytes: Uint8Array) => {
    await makeFolder(folder);
    await writeWhole(folder, { name, bytes });
  };
  return {
    keep: async (event) => {
      if (event.type === 'network') {
        const model = { network: event.network, preprocessing, counters: new Map() };
        await save(`${event.name}.safetensors`, encodeModel(model));
      }
      if (event.type === 'state') await save(STATE, encodeTraining(event.training));
    },
    read: async (iterations) => {
      const networks = new Map<string, Network>();
      for (const file of await namesIn(folder)) {
        const [, name = ''] = NETWORK.exec(file) ?? [];
        const iteration = iterationInName(name);
        if (iteration === undefined || !iterations.includes(iteration)) continue;
        const bytes = await readIfThere(join(folder, file));
        if (bytes) networks.set(name, loadModel(bytes, join(folder, file)).network);
      }
      const bytes = await readIfThere(state);
      return { networks, ...(bytes && { training: decodeTraining(bytes, state) }) };
    },
    removeTraining: () => rm(state, { force: true }),
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

import { basename, join } from 'node:path';
import type { Job } from 'bullmq';
import { readImageSource } from '../data/folder.js';
import type { ImageSource } from '../data/images.js';
import { EspalierError } from '../errors.js';
import type { Host } from '../hosts/host.js';
import { memo } from '../memo.js';
import { MODEL_CELLS } from '../study/model/cell.js';
import { type ModelStudyConfig, modelStudyIdentity } from '../study/model/config.js';
import { nameOfModelTrial, placesOfTrial } from '../study/model/grid.js';
import { type Material, modelOf, modelTrialInput } from '../study/model/material.js';
import { keyOfCell } from '../study/records.js';
import { otherImages, requireImages, trialInput } from '../study/study.js';
import { openDecoder } from './decoder.js';
import { makeFolder } from './files.js';
import { type HostFlags, openOwnHost } from './host.js';
import type { jobs } from './jobs.js';
import { lockFolder } from './lock.js';
import { progressCells, requireJob, type TrialJob } from './queue.js';
import { defaultModelStudyFolder } from './study-model-folder.js';
import { readMaterial } from './study-model-session.js';
import { MODEL_TRIALS, TWO_LAYER_TRIALS } from './trial-kinds.js';
import { trialNetworks } from './trial-networks.js';

/** Does jobs, and keeps from one to the next a host with its device, and the data. */
export interface Workplace {
  open(): Promise<Host<typeof jobs>>;
  /** @throws FolderHeld when another process is at the same trial, or was minutes ago on another machine. */
  doJob(job: Job<TrialJob>): Promise<void>;
  close(): Promise<void>;
}

/** @param flags.networks the folder that networks of deep studies are kept in, in one of their own each. */
export function openWorkplace(
  flags: HostFlags & { readonly networks: string },
  {
    version,
    signal,
    onNote,
  }: {
    readonly version: string;
    readonly signal: AbortSignal;
    readonly onNote: (text: string) => void;
  },
): Workplace {
  let host: Promise<Host<typeof jobs>> | undefined;
  const sources = new Map<string, Promise<ImageSource>>();
  const materials = new Map<string, Promise<Material>>();
  const decoder = openDecoder(flags.host);

  const imageSourceOnce = (data: string) => memo(sources, data, () => readImageSource(data));
  const materialOnce = (config: ModelStudyConfig) => {
    const key = modelStudyIdentity(config);
    // Of one study only: the pictures of several need not fit into memory.
    if (!materials.has(key)) materials.clear();
    return memo(materials, key, () => readMaterial(config, decoder));
  };
  const open = () => {
    host ??= openOwnHost(flags).catch((error: unknown) => {
      host = undefined;
      throw error;
    });
    return host;
  };
  const closeHost = async () => {
    // This also ends a host that is still being opened.
    const opened = await host?.catch(() => undefined);
    host = undefined;
    await opened?.close();
  };
  const onHost = async (work: (host: Host<typeof jobs>) => Promise<void>) => {
    try {
      await work(await open());
    } catch (error) {
      if (error instanceof EspalierError && error.code === 'device-lost') await closeHost();
      throw error;
    }
  };

  const doTrial = async (job: Job<TrialJob>) => {
    const { known, crc32, ...own } = requireJob(TWO_LAYER_TRIALS, job.data, version);
    const { config, trial } = own;
    const cells = [...progressCells(TWO_LAYER_TRIALS, own, job.progress)];
    const source = await imageSourceOnce(config.data);
    const input = trialInput(config, source, trial, [...known, ...cells]);
    requireImages(input.examples, source.name, crc32);
    await onHost((opened) =>
      opened.execute(
        'trial',
        { input },
        {
          signal,
          onEvent: async (event) => {
            if (event.type !== 'cell') return;
            cells.push(event.cell);
            await job.updateProgress({ cells });
          },
        },
      ),
    );
  };

  const doModelTrial = async (job: Job<TrialJob>) => {
    const { known, crc32, ...own } = requireJob(MODEL_TRIALS, job.data, version);
    const { config, trial } = own;
    const cells = [...progressCells(MODEL_TRIALS, own, job.progress)];
    const done = new Set([...known, ...cells].map((cell) => keyOfCell(MODEL_CELLS, cell)));
    const [first, ...others] = placesOfTrial(config, trial).filter(
      (place) => !done.has(keyOfCell(MODEL_CELLS, place)),
    );
    if (!first) return;
    const material = await materialOnce(config);
    const input = await modelTrialInput(config, material, [first, ...others], signal);
    if (input.crc32 !== crc32) throw otherImages(config.data, crc32, input.crc32);
    // By the pictures too: what is left of others must not be gone on with.
    const study = join(flags.networks, basename(defaultModelStudyFolder(config)));
    const folder = join(study, `${nameOfModelTrial(trial)}-${crc32}`);
    await makeFolder(folder, '--networks');
    // A worker that computes for long without a pause is taken for dead, and its trial given to another.
    const { release } = await lockFolder(folder, { flag: '--networks', beats: true });
    try {
      const networks = trialNetworks(folder, modelOf(material.models, trial).preprocessing);
      const kept = await networks.read(input.places.map(({ iteration }) => iteration));
      await onHost((opened) =>
        opened.execute(
          'modelTrial',
          { ...input, ...kept },
          {
            signal,
            onEvent: async (event) => {
              await networks.keep(event);
              if (event.type !== 'cell') return;
              cells.push(event.cell);
              await job.updateProgress({ cells });
            },
          },
        ),
      );
      await networks.removeTraining();
    } finally {
      await release();
    }
    onNote(`The networks of ${nameOfModelTrial(trial)} stay in ${folder}.`);
  };

  const doJob = (job: Job<TrialJob>) =>
    job.data?.study === MODEL_TRIALS.name ? doModelTrial(job) : doTrial(job);
  const close = async () => {
    await decoder?.close();
    await closeHost();
  };
  return { open, doJob, close };
}

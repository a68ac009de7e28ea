import { rmdir } from 'node:fs/promises';
import type { Examples } from '../experiment/examples.js';
import { fineTuneRate, type RunConfig } from '../experiment/run-config.js';
import type { RunEvent } from '../experiment/run-events.js';
import { datasetFile, eventFile, eventRecord } from '../experiment/run-files.js';
import { lockFolder } from './lock.js';
import {
  appendEvent,
  clearFolder,
  makeFolder,
  nextFolder,
  requireFreeFolder,
  writeJson,
  writeWhole,
} from './run-folder.js';

/** A folder that this process alone writes to. */
export interface ClaimedFolder {
  readonly path: string;
  /** Whether it was not there before. */
  readonly made: boolean;
  release(): Promise<void>;
}

/**
 * Makes and claims `out`, or a new folder in runs/ after `name`, and clears what an earlier run
 * left in it.
 *
 * @throws bad-config when another process uses it, or when it holds a run that is to stay.
 */
export async function claimFolder(
  out: string | undefined,
  name: string,
  overwrite: boolean,
): Promise<ClaimedFolder> {
  const path = out ?? (await nextFolder(name));
  const made = out ? await makeFolder(out) : true;
  const { release } = await lockFolder(path);
  try {
    // Another run may have come and gone since the flags were checked.
    await requireFreeFolder(path, overwrite);
    await clearFolder(path);
  } catch (error) {
    await release();
    throw error;
  }
  return { path, made, release };
}

/** What a run leaves on the disk. */
export interface RunRecords {
  /** The folder, once something is finished. */
  readonly path: string | undefined;
  /** Iterations behind the newest weights that are written. */
  readonly iteration: number | undefined;
  keep(event: RunEvent): Promise<void>;
  /** Writes the summary and gives the folder. */
  finish(summary: object): Promise<string>;
  /** Releases the folder; removes it again when nothing was finished in it. */
  close(): Promise<void>;
}

/**
 * The records of a run. The folder appears with the first checkpoint: a run that comes to nothing
 * before leaves nothing behind.
 */
export function createRunRecords(
  config: RunConfig,
  examples: Examples,
  overwrite: boolean,
): RunRecords {
  const waiting: RunEvent[] = [];
  let folder: ClaimedFolder | undefined;
  let written = 0;
  let iteration: number | undefined;

  const begin = async (): Promise<string> => {
    folder = await claimFolder(config.out, defaultName(config), overwrite);
    const { path } = folder;
    const resolved = { ...config, fineTuneLearningRate: fineTuneRate(config), out: path };
    await writeJson(path, 'config.json', resolved);
    await writeWhole(path, datasetFile(examples));
    return path;
  };

  return {
    get path() {
      return written > 0 ? folder?.path : undefined;
    },
    get iteration() {
      return iteration;
    },
    keep: async (event) => {
      if (event.type === 'progress') return;
      waiting.push(event);
      const file = eventFile(event);
      if (!file && written === 0) return;
      const path = folder?.path ?? (await begin());
      if (file) {
        await writeWhole(path, file);
        written++;
      }
      if (event.type === 'checkpoint') iteration = event.iteration;
      for (const past of waiting.splice(0)) await appendEvent(path, eventRecord(past));
    },
    finish: async (summary) => {
      if (!folder) throw new Error('The run ended without a checkpoint.');
      await writeJson(folder.path, 'summary.json', summary);
      return folder.path;
    },
    close: async () => {
      if (!folder) return;
      const { path, made, release } = folder;
      if (written === 0) await clearFolder(path);
      await release();
      if (written === 0 && made) await rmdir(path);
    },
  };
}

function defaultName({ data, task, examples, width, seed }: RunConfig): string {
  const source = data.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '') || 'data';
  return `${source}-${task}-${examples}x${width}-seed${seed}`;
}

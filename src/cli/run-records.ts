import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Examples } from '../experiment/examples.js';
import { fineTuneRate, type RunConfig } from '../experiment/run-config.js';
import type { RunEvent } from '../experiment/run-events.js';
import { datasetFile, eventFile, eventRecord, RUN_FILES } from '../experiment/run-files.js';
import { appendLine, writeJson, writeWhole } from './files.js';
import { type ClaimedFolder, claimFolder, clearFolder, folderName } from './run-folder.js';

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
    await writeJson(path, RUN_FILES.config, resolved);
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
      if (event.type === 'checkpoint' || event.type === 'interrupted') iteration = event.iteration;
      for (const past of waiting.splice(0)) {
        await appendLine(join(path, RUN_FILES.events), JSON.stringify(eventRecord(past)));
      }
    },
    finish: async (summary) => {
      if (!folder) throw new Error('The run ended without a checkpoint.');
      await writeJson(folder.path, RUN_FILES.summary, summary);
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
  return `${folderName(data)}-${task}-${examples}x${width}-seed${seed}`;
}

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EspalierError, errorMessage } from '../errors.js';
import { differingTraining, type KeptFiles, newestWeights } from '../experiment/resume.js';
import { parseRunConfig, type RunConfig } from '../experiment/run-config.js';
import { RUN_FILES, type RunFile } from '../experiment/run-files.js';
import { parseJson } from '../json.js';
import { errorCode, readIfThere } from './files.js';
import { flagForKey } from './flags.js';

/** A run's folder to go on from: its newest weights, the files' names with their path. */
export interface KeptRun extends KeptFiles {
  readonly folder: string;
  /** The flags of the run, less where its files went. */
  readonly config: Omit<RunConfig, 'out'>;
}

/** @throws bad-config when the folder holds no run, or one without weights. */
export async function readKeptRun(folder: string): Promise<KeptRun> {
  const fail = (why: string, cause?: unknown) =>
    new EspalierError(
      'bad-config',
      `--from ${folder} ${why}. Name the folder of a run, with its config.json and weights-<t>.safetensors.`,
      { cause },
    );
  const names = await readdir(folder).catch((cause: unknown) => {
    const why =
      errorCode(cause) === 'ENOTDIR'
        ? 'is a file (unpack a .zip first)'
        : `cannot be read (${errorMessage(cause)})`;
    throw fail(why, cause);
  });
  const newest = newestWeights(names);
  const read = async (name: string): Promise<RunFile | undefined> => {
    const path = join(folder, name);
    const bytes = await readIfThere(path);
    return bytes && { name: path, bytes };
  };
  const weights = newest && (await read(newest));
  if (!weights) throw fail('holds no weights');
  const { out: _, ...config } = await readConfigIn(folder, fail);
  return {
    folder,
    config: { ...config, data: await keptDataSource(folder, config.data) },
    weights,
    dataset: await read(RUN_FILES.dataset),
    events: await read(RUN_FILES.events),
  };
}

async function readConfigIn(
  folder: string,
  fail: (why: string, cause?: unknown) => EspalierError,
): Promise<RunConfig> {
  try {
    return parseRunConfig(parseJson(await readFile(join(folder, RUN_FILES.config))));
  } catch (cause) {
    throw fail(`has no config.json of a run (${errorMessage(cause)})`, cause);
  }
}

/** The web page puts the images into the run's own folder. */
async function keptDataSource(folder: string, data: string): Promise<string> {
  if (data === 'mnist') return data;
  const inside = join(folder, data);
  return (await stat(inside).catch(() => undefined)) ? inside : data;
}

/** @throws bad-config naming the first flag that would have made another pre-training. */
export function requireSameTraining({ folder, config: kept }: KeptRun, config: RunConfig): void {
  const key = differingTraining(kept, config);
  if (key === undefined) return;
  throw new EspalierError(
    'bad-config',
    `${flagForKey(key)} ${config[key]} cannot go on from ${folder}, which was trained with ${flagForKey(key)} ${kept[key]}. Leave the flag out, or run without --from.`,
  );
}

import { unzipSync } from 'fflate';
import {
  EspalierError,
  type ImageSource,
  parseRunConfig,
  type RunConfig,
} from '../../src/index.js';
import { sourceOfFiles } from './data.js';

/** What a person's files hold: images, a run's configuration, or both. */
export interface Brought {
  readonly source?: ImageSource;
  readonly config?: RunConfig;
}

/** Files of a run's folder that hold neither images nor settings. */
const RECORDS = /\.(safetensors|jsonl)$|(^|\/)summary\.json$/;

/**
 * Reads images (a CSV or IDX files), the configuration of a run (`config.json`), or a .zip of both,
 * as this page saves it.
 *
 * @throws bad-data or bad-config naming the file and what is wrong with it.
 */
export async function readBrought(files: readonly File[]): Promise<Brought> {
  const [first] = files;
  if (files.length === 1 && first?.name.toLowerCase().endsWith('.zip')) {
    return readBrought(await unpacked(first));
  }
  const settings = files.find(({ name }) => name.toLowerCase().endsWith('.json'));
  const images = files.filter((file) => file !== settings);
  return {
    ...(settings && { config: await configIn(settings) }),
    ...(images.length > 0 && { source: await sourceOfFiles(images) }),
  };
}

async function unpacked(archive: File): Promise<readonly File[]> {
  const bytes = new Uint8Array(await archive.arrayBuffer());
  let entries: Record<string, Uint8Array<ArrayBuffer>>;
  try {
    entries = unzipSync(bytes, {
      filter: ({ name }) => !name.endsWith('/') && !RECORDS.test(name),
    }) as typeof entries;
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `${archive.name} is not a .zip that can be read: ${cause}.`,
      {
        cause,
      },
    );
  }
  const files = Object.entries(entries);
  if (files.length === 0) {
    throw new EspalierError(
      'bad-data',
      `${archive.name} holds neither a config.json nor images: drop a run that this page saved.`,
    );
  }
  return files.map(([name, content]) => new File([content], name.split('/').at(-1) ?? name));
}

async function configIn(file: File): Promise<RunConfig> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await file.text());
  } catch (cause) {
    throw new EspalierError('bad-config', `${file.name} is not JSON: ${cause}.`, { cause });
  }
  return parseRunConfig(parsed);
}

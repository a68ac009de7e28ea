import { isLitter } from '../../src/data/litter.js';
import { listZip, type ZipKind, zipEntryBytes } from '../../src/formats/zip.js';
import {
  EspalierError,
  type ImageSource,
  newestWeights,
  parseRunConfig,
  RUN_FILES,
  type RunConfig,
  type RunFile,
} from '../../src/index.js';
import { parseJson } from '../../src/json.js';
import { grouped } from '../../src/text.js';
import { sourceOfFiles } from './data.js';
import { type NamedNetwork, readNetworkFile } from './network-file.js';

/**
 * What the person's files hold: images, a run's configuration, or both. With weights the run can go
 * on.
 */
export interface Brought {
  /** A network that this page saved. */
  readonly network?: NamedNetwork;
  readonly source?: ImageSource;
  readonly config?: RunConfig;
  /** The newest weights of the run. */
  readonly weights?: RunFile;
  /** Which examples the run was trained on. */
  readonly dataset?: RunFile;
  /** The record of what the run has yielded. */
  readonly events?: RunFile;
  /** The curve over all sizes, where this page saved the run, as a link carries it. */
  readonly curve?: string;
}

const { config: CONFIG, dataset: DATASET, events: EVENTS, curve: CURVE } = RUN_FILES;

/**
 * Names of files in a run's folder that hold no images, no settings, and no weights to go on from.
 */
const RECORDS =
  /^(\..*|folder\.lock.*|(summary|comparison)\.\w+|(loss|accuracy)\.\w+|curve\.txt|.*\.jsonl|(subnetwork|(dense-)?fine-tuned|from-scratch)-\d+\.safetensors)$/;

/** Records that say something of a run that goes on. */
const READ: readonly string[] = [EVENTS, CURVE];

/** A network by itself. A run's own files have other names. */
const LONE_NETWORK = /^network-.*\.safetensors$/i;

/** Trained networks and parts of them, which Play has no use for. */
const NETWORKS = /\.(onnx|h5|hdf5|keras|pth|pt|th|pb|tflite)$/i;

/** Pictures, which Prune takes. Play's digits come many in a file. */
const PICTURES = /\.(png|jpe?g|webp|gif|bmp|avif)$/i;

/**
 * Reads images (a CSV or IDX files), the configuration of a run (`config.json`), or a whole run:
 * all files of its folder, or the .zip that this page saves.
 *
 * @param readImages reads a data set from files of images.
 * @throws bad-data or bad-config naming the file and what is wrong with it.
 */
export async function readBrought(
  given: readonly File[],
  readImages = sourceOfFiles,
): Promise<Brought> {
  const [first] = given;
  for (const file of given) requireSmall(file);
  if (given.length === 1 && first?.name.toLowerCase().endsWith('.zip')) {
    return readBrought(await unpacked(first), readImages);
  }
  if (given.length === 1 && first && LONE_NETWORK.test(first.name)) {
    return { network: readNetworkFile((await runFile(first)).bytes, first.name) };
  }
  const network = given.find(({ name }) => NETWORKS.test(name));
  if (network) throw otherNetwork(network);
  const files = given.length > 1 ? given.filter(({ name }) => !RECORDS.test(name)) : given;
  const named = (wanted: string | undefined) => files.find(({ name }) => name === wanted);
  const settings = named(CONFIG) ?? files.find(({ name }) => /\.json$/i.test(name));
  const weights = named(newestWeights(files.map(({ name }) => name)));
  const dataset = named(DATASET);
  const events = given.find(({ name }) => name === EVENTS);
  const curve = given.find(({ name }) => name === CURVE);
  if (given.length === 0) {
    throw new EspalierError(
      'bad-data',
      'There is no file in it. Drop the whole folder of a run, or digits as IDX files or a CSV.',
    );
  }
  const [picture] = files;
  if (picture && files.every(({ name }) => PICTURES.test(name))) {
    throw new EspalierError(
      'bad-data',
      `${picture.name} is a picture, and Play takes digits many in a file: IDX files or a CSV. The tab Prune takes pictures.`,
    );
  }
  if (files.length === 0) {
    throw new EspalierError(
      'bad-data',
      `${given.map(({ name }) => name).join(', ')}: neither images nor a ${CONFIG}. Drop the whole folder of a run, or images.`,
    );
  }
  if (weights && !settings) {
    throw new EspalierError(
      'bad-data',
      `${weights.name} does not say of which run it is: drop the ${CONFIG} of its folder with it, or the whole folder.`,
    );
  }
  const images = files.filter(
    (file) => file !== settings && file !== dataset && !newestWeights([file.name]),
  );
  return {
    ...(settings && { config: await configIn(settings) }),
    ...(images.length > 0 && { source: await readImages(images) }),
    ...(weights && { weights: await runFile(weights) }),
    ...(dataset && { dataset: await runFile(dataset) }),
    ...(events && { events: await runFile(events) }),
    ...(curve && { curve: (await curve.text()).trim() }),
  };
}

/** What the page takes of one file. Browsers read no file of 2 GB, and say why in wrong words. */
const MOST_BYTES = 1e9;

function requireSmall({ name, size }: File): void {
  if (size <= MOST_BYTES) return;
  throw new EspalierError(
    'bad-data',
    `${name} has ${grouped(Math.round(size / 1e6))} MB, and this page takes files up to ${grouped(MOST_BYTES / 1e6)} MB: take a part of it, or npx espalier run.`,
  );
}

function otherNetwork({ name }: File): EspalierError {
  return new EspalierError(
    'bad-data',
    `${name} holds a trained network. Play trains its own, and takes digits to train it on (IDX files or a CSV) or a run of its own kind: the tab Prune takes networks.`,
  );
}

async function runFile(file: File): Promise<RunFile> {
  return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

/**
 * Bytes that a .zip may unpack to: several times all of MNIST as a CSV. Without a limit a .zip of a
 * few kilobytes could unpack to more than the tab's memory.
 */
const MOST_UNPACKED = 512e6;

const ZIP: ZipKind = { name: 'a .zip that can be read', compressed: true };

async function unpacked(archive: File): Promise<readonly File[]> {
  const bytes = new Uint8Array(await archive.arrayBuffer());
  const entries = [...listZip(bytes, archive.name, ZIP).values()].filter(
    ({ name }) =>
      !name.endsWith('/') &&
      !isLitter(name) &&
      (!RECORDS.test(lastPart(name)) || READ.includes(lastPart(name))),
  );
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (size > MOST_UNPACKED) {
    throw new EspalierError(
      'bad-data',
      `${archive.name} would unpack to ${Math.ceil(size / 1e6)} MB, and this page takes up to ${MOST_UNPACKED / 1e6} MB: unpack it, and drop the files that are needed.`,
    );
  }
  if (entries.length === 0) {
    throw new EspalierError(
      'bad-data',
      `${archive.name} holds neither a config.json nor images: drop a run that this page saved.`,
    );
  }
  return entries.map(
    (entry) => new File([zipEntryBytes(bytes, entry, archive.name, ZIP)], lastPart(entry.name)),
  );
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

async function configIn(file: File): Promise<RunConfig> {
  let parsed: unknown;
  try {
    parsed = parseJson(new Uint8Array(await file.arrayBuffer()));
  } catch (cause) {
    throw new EspalierError('bad-config', `${file.name} is not JSON: ${cause}.`, { cause });
  }
  const keys = typeof parsed === 'object' && parsed !== null ? Object.keys(parsed) : [];
  if (keys.some((key) => MODEL_KEYS.has(key))) throw otherNetwork(file);
  return parseRunConfig(parsed);
}

/** Keys of the `model.json` of TensorFlow.js. */
const MODEL_KEYS: ReadonlySet<string> = new Set(['modelTopology', 'weightsManifest']);

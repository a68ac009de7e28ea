import { crc32 } from '../../src/crc32.js';
import { formatOfNetwork } from '../../src/formats/networks.js';
import { decodeWeights } from '../../src/formats/weights.js';
import {
  EspalierError,
  gunzipped,
  loadModelFiles,
  type Model,
  type Pictures,
  parseCifar10,
} from '../../src/index.js';
import type { PathFile } from '../model/dropped.js';
import { bytesOfModel } from './network-view.js';

const BUILT_IN = {
  network: 'resnet8-cifar10.safetensors',
  pictures: 'cifar10-test-512.bin.gz',
} as const;

/** A network, and the files that it was read from. */
export interface OwnNetwork {
  readonly model: Model;
  readonly file: string;
  readonly builtIn: boolean;
  readonly kept: KeptNetwork;
  /** Whether its file says what it expects of pixels, and it is no guess. */
  readonly saysPixels: boolean;
  /** Of its file in its usual form. */
  readonly bytes: number;
}

export interface OwnPictures {
  readonly name: string;
  readonly builtIn: boolean;
  readonly pictures: Pictures;
  /** Of pixels and labels: it tells pictures from others of the same name. */
  readonly checksum: number;
}

export function ownPictures({
  name,
  builtIn,
  pictures,
}: Omit<OwnPictures, 'checksum'>): OwnPictures {
  const { pixels, labels = new Uint32Array() } = pictures;
  const { buffer, byteOffset, byteLength } = labels;
  const checksum = crc32(pixels, new Uint8Array(buffer, byteOffset, byteLength));
  return { name, builtIn, pictures, checksum };
}

/** Bytes of a network's files together that a page reads at most. */
const MOST_BYTES = 2 ** 30;

/** What the browser keeps of a network: the built-in one is fetched again. */
export type KeptNetwork =
  | 'built-in'
  | {
      readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[];
    };

/**
 * A file that lies beside the page.
 *
 * @throws bad-data where it cannot be had.
 */
async function fetched(base: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(new URL(`data/prune/${name}`, base)).catch((cause: unknown) => {
    throw new EspalierError('bad-data', `${name} could not be fetched: are you offline?`, {
      cause,
    });
  });
  if (!response.ok) {
    throw new EspalierError(
      'bad-data',
      `${name} does not lie beside this page (the server answered ${response.status}): bring a network and pictures of your own.`,
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Reads a network from its files, or the one that lies at the page's address.
 *
 * @throws what reading a model throws; bad-data where the built-in one cannot be had.
 */
export async function readNetwork(base: string, kept: KeptNetwork): Promise<OwnNetwork> {
  const builtIn = kept === 'built-in';
  const given = builtIn
    ? { files: [{ name: BUILT_IN.network, bytes: await fetched(base, BUILT_IN.network) }] }
    : kept;
  const files = given.files.map(({ name, bytes }) => ({
    name,
    arrayBuffer: async () => bytes.slice().buffer,
  }));
  const model = await loadModelFiles(files);
  const file = nameOfModel(given.files.map(({ name }) => name));
  const saysPixels = given.files.some(({ bytes, name }) => name === file && sayPixels(bytes, name));
  return { model, file, builtIn, kept, saysPixels, bytes: bytesOfModel(model) };
}

/** Whether weights say what their network expects of pixels, as those do that were saved here. Other forms have no words for it. */
export function sayPixels(bytes: Uint8Array, name: string): boolean {
  if (formatOfNetwork(bytes, name) !== undefined) return false;
  return decodeWeights(bytes, name).texts.has('espalier.preprocessing');
}

/** @throws bad-data where they cannot be had. */
export async function builtInPictures(base: string): Promise<OwnPictures> {
  const packed = await fetched(base, BUILT_IN.pictures);
  const bytes = gunzipped(packed, BUILT_IN.pictures, () => 2 ** 22);
  const read = parseCifar10([{ file: BUILT_IN.pictures, bytes }]);
  return ownPictures({ name: 'CIFAR-10, test pictures', builtIn: true, pictures: read });
}

/**
 * The files of a network as they are kept.
 *
 * @throws bad-data for files that are too large for a page.
 */
export async function filesOfNetwork(files: readonly PathFile[]): Promise<KeptNetwork> {
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  if (size > MOST_BYTES) {
    throw new EspalierError(
      'bad-data',
      `What you gave has ${(size / 1e9).toFixed(1)} GB, and this page reads networks of up to ${(MOST_BYTES / 1e9).toFixed(1)} GB: on a command line \`espalier prune\` takes larger ones.`,
    );
  }
  const read = async ({ file }: PathFile) => ({
    name: file.name,
    bytes: new Uint8Array(await file.arrayBuffer()),
  });
  return { files: await Promise.all(files.map(read)) };
}

/** The file that is the network; the others lie beside it. */
function nameOfModel(names: readonly string[]): string {
  return names.find((name) => !/\.(bin|data)$/i.test(name)) ?? names[0] ?? '';
}

/** What pictures are called: their folder, or the only file. */
export function nameOfPictures(files: readonly PathFile[]): string {
  const [one] = files;
  if (!one) return '';
  if (files.length === 1) return one.path;
  const [folder] = one.path.split('/');
  return files.every(({ path }) => path.startsWith(`${folder}/`)) ? `${folder}` : 'yours';
}

import { EspalierError } from '../errors.js';
import { looksLikeHdf5 } from './keras/hdf5.js';
import { readKeras } from './keras/read.js';
import type { InputSize } from './onnx/ends.js';
import { externalFiles } from './onnx/external.js';
import { looksLikeOnnx } from './onnx/file.js';
import { type OnnxNetwork, readOnnx } from './onnx/read.js';
import type { TfjsLayers } from './tfjs/layers.js';
import { looksLikeTfjs, parseTfjs, shardNames } from './tfjs/model-json.js';
import { readTfjs } from './tfjs/read.js';
import { isSafetensors } from './weights.js';

/** Formats of files that say themselves what network they hold. */
export type NetworkFormat = 'onnx' | 'keras' | 'tfjs';

/** Files beside a network's own, by the names that it has for them. */
export type FilesBeside = ReadonlyMap<string, Uint8Array>;

/**
 * The format of a file that says itself what network it holds, by its name or its contents; undefined for
 * one of weights alone.
 *
 * @throws EspalierError `bad-data` for Keras's newest format, which is not read.
 */
export function formatOfNetwork(bytes: Uint8Array, file: string): NetworkFormat | undefined {
  if (file.endsWith('.onnx')) return 'onnx';
  if (file.endsWith('.keras')) {
    throw new EspalierError(
      'bad-data',
      `${file} is of Keras's newest format, which is not read: save the network by model.save("net.h5").`,
    );
  }
  if (/\.(h5|hdf5)$/.test(file) || looksLikeHdf5(bytes)) return 'keras';
  if (file.endsWith('.json')) return 'tfjs';
  // They begin with a length, which may be any byte.
  if (isSafetensors(bytes)) return undefined;
  if (looksLikeTfjs(bytes)) return 'tfjs';
  return looksLikeOnnx(bytes) ? 'onnx' : undefined;
}

/**
 * The names of the files that a network keeps tensors in, relative to its own folder.
 *
 * @throws EspalierError `bad-data` naming `file`, also for a name that leads out of the folder.
 */
export function namesBeside(bytes: Uint8Array, file: string): readonly string[] {
  const format = formatOfNetwork(bytes, file);
  if (format === 'onnx') return externalFiles(bytes, file);
  return format === 'tfjs' ? shardNames(parseTfjs(bytes, file), file) : [];
}

/** A network as read, with the ONNX file that it is or was drawn as. */
export interface ReadNetwork extends OnnxNetwork {
  /** Where it came as TensorFlow.js layers, and can be written as such. */
  readonly layers?: TfjsLayers;
}

/** @throws EspalierError `bad-data`, `bad-network` as the reader of the format does. */
export function readNetwork(
  bytes: Uint8Array,
  file: string,
  {
    format,
    beside,
    inputSize,
  }: {
    readonly format: NetworkFormat;
    readonly beside: FilesBeside;
    readonly inputSize?: InputSize | undefined;
  },
): ReadNetwork {
  if (inputSize && format !== 'onnx') {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'inputSize',
      given: inputSize.join(','),
      allowed: 'left out',
      because: `${file} is no ONNX file`,
    });
  }
  switch (format) {
    case 'onnx':
      return readOnnx(bytes, file, beside, inputSize);
    case 'keras':
      return readKeras(bytes, file);
    case 'tfjs':
      return readTfjs(bytes, file, beside);
  }
}

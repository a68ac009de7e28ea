import { EspalierError } from '../../errors.js';
import { writeOnnx } from '../../formats/onnx/write.js';
import { encodeModel, type Model } from './model.js';

/** A model as files: its own, and those beside it that hold some of its tensors, by their names. */
export interface ModelFiles {
  readonly bytes: Uint8Array;
  readonly beside: ReadonlyMap<string, Uint8Array>;
}

/** The ending of the file that a model is written to where nobody asks for another. */
export function usualEnding({ onnx }: Pick<Model, 'onnx'>): string {
  return onnx ? '.onnx' : '.safetensors';
}

/**
 * A model in the form that the ending of a file's name says: `.safetensors`, or `.onnx` of one that was
 * read from ONNX.
 *
 * @throws bad-config for another ending.
 */
export function modelFiles(model: Model, name: string): ModelFiles {
  if (name.endsWith('.safetensors')) return { bytes: encodeModel(model), beside: new Map() };
  if (name.endsWith('.onnx') && model.onnx) {
    const { bytes, external } = writeOnnx(model.onnx, model.network, `${name}.data`);
    return { bytes, beside: external };
  }
  throw unwritable(model, name);
}

/** @throws bad-config for a file's name that a model cannot be written to. */
export function requireWritableModel(model: Pick<Model, 'onnx'>, name: string): void {
  if (name.endsWith('.safetensors') || (name.endsWith('.onnx') && model.onnx)) return;
  throw unwritable(model, name);
}

/** Bytes of all files together. */
export function sizeOfModelFiles({ bytes, beside }: ModelFiles): number {
  return [...beside.values()].reduce((sum, own) => sum + own.length, bytes.length);
}

function unwritable({ onnx }: Pick<Model, 'onnx'>, name: string): EspalierError {
  const allowed = onnx
    ? 'a file that ends in .onnx or .safetensors'
    : 'a file that ends in .safetensors';
  return new EspalierError('bad-config', { kind: 'value', key: 'out', given: name, allowed });
}

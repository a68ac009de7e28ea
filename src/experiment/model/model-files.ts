import { EspalierError } from '../../errors.js';
import { exportOnnx } from '../../formats/onnx/export.js';
import { writeOnnx } from '../../formats/onnx/write.js';
import { encodePyTorch } from '../../formats/pytorch-write.js';
import { writeTfjsLayers } from '../../formats/tfjs/layers.js';
import { encodeModel, type Model } from './model.js';

/** A model as files: its own, and those beside it that hold some of its tensors, by their names. */
export interface ModelFiles {
  readonly bytes: Uint8Array;
  readonly beside: ReadonlyMap<string, Uint8Array>;
}

/** The ending of the file that a model is written to where nobody asks for another. */
export function usualEnding({ onnx, layers }: Pick<Model, 'onnx' | 'layers'>): string {
  if (layers) return '.json';
  return onnx ? '.onnx' : '.safetensors';
}

/** The endings of what `torch.save` writes. */
const PYTORCH = ['.pth', '.pt'] as const;

/**
 * A model in the form that the ending of a file's name says: `.safetensors`, `.pth`, `.onnx`, or `.json` of one that
 * was read from TensorFlow.js layers. Of one that was read from the same form it is the same file with
 * other tensors.
 *
 * @throws bad-config for another ending; bad-network as `writeOnnx`, `writeTfjsLayers` and `exportOnnx` do.
 */
export function modelFiles(model: Model, name: string): ModelFiles {
  if (name.endsWith('.safetensors')) return { bytes: encodeModel(model), beside: new Map() };
  if (PYTORCH.some((ending) => name.endsWith(ending))) {
    return { bytes: encodeModel(model, encodePyTorch), beside: new Map() };
  }
  requireWritableModel(model, name);
  if (model.layers && model.onnx && name.endsWith('.json')) {
    const shard = name.replace(/\.json$/, '.bin');
    return writeTfjsLayers(model.layers, model.onnx, { network: model.network, shard });
  }
  if (model.onnx) {
    const { bytes, external } = writeOnnx(model.onnx, model.network, `${name}.data`);
    return { bytes, beside: external };
  }
  return { bytes: exportOnnx(model.network), beside: new Map() };
}

/** @throws bad-config for a file's name that a model cannot be written to. */
export function requireWritableModel({ layers }: Pick<Model, 'layers'>, name: string): void {
  const endings = ['.onnx', '.safetensors', ...PYTORCH, ...(layers ? ['.json'] : [])];
  if (endings.some((ending) => name.endsWith(ending))) return;
  throw new EspalierError('bad-config', {
    kind: 'value',
    key: 'out',
    given: name,
    allowed: `a file that ends in ${endings.join(' or ')}`,
  });
}

/** Bytes of all files together. */
export function sizeOfModelFiles({ bytes, beside }: ModelFiles): number {
  return [...beside.values()].reduce((sum, own) => sum + own.length, bytes.length);
}

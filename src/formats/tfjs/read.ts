import type { OnnxNetwork } from '../onnx/read.js';
import { readTfjsGraph } from './graph.js';
import { isGraphModel } from './graph-def.js';
import { readTfjsLayers, type TfjsLayers } from './layers.js';
import { parseTfjs } from './model-json.js';

/**
 * Reads a TensorFlow.js model from the untrusted bytes of its model.json and of the files beside it: of
 * layers, which can be written as such, or a graph.
 *
 * @throws EspalierError as `readTfjsLayers` and `readTfjsGraph` do.
 */
export function readTfjs(
  bytes: Uint8Array,
  file: string,
  shards: ReadonlyMap<string, Uint8Array>,
): OnnxNetwork & { readonly layers?: TfjsLayers } {
  const model = parseTfjs(bytes, file);
  return isGraphModel(model)
    ? readTfjsGraph(model, file, shards)
    : readTfjsLayers(bytes, file, shards);
}

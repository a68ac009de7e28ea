import { EspalierError } from '../../errors.js';
import type { Network } from '../../graph/weights.js';
import { quoted } from '../../text.js';
import { type KerasModel, kerasModel } from '../keras/layers.js';
import { drawKeras } from '../keras/read.js';
import { layerTensors } from '../keras/tensors.js';
import { layerTensor, type WeightLayout } from '../onnx/channels-last.js';
import { decodeOnnx } from '../onnx/file.js';
import { type OnnxNetwork, type OnnxSource, readOnnx } from '../onnx/read.js';
import { numbersOfTensor, sizesOfTensor } from '../onnx/tensors.js';
import { writeOnnx } from '../onnx/write.js';
import {
  joinedBytes,
  parseTfjs,
  type TfjsModel,
  type TfjsTensor,
  tfjsTensors,
} from './model-json.js';
import { numbersOfTfjs, tfjsOfNumbers } from './numbers.js';

/** A TensorFlow.js network of layers as files, and how its tensors lie in the ONNX file drawn of it. */
export interface TfjsLayers {
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly shards: ReadonlyMap<string, Uint8Array>;
  readonly layouts: ReadonlyMap<string, WeightLayout>;
}

/**
 * Reads a TensorFlow.js layers model from untrusted bytes: its model.json, and the files beside it.
 *
 * @throws EspalierError as `readKeras` does, and `bad-data` where a file is missing or does not fit.
 */
export function readTfjsLayers(
  bytes: Uint8Array,
  file: string,
  shards: ReadonlyMap<string, Uint8Array>,
): OnnxNetwork & { readonly layers: TfjsLayers } {
  const model = parseTfjs(bytes, file);
  const tensors = tfjsTensors(model, file, shards);
  const drawn = drawKeras(networkOfModel(model, file), {
    file,
    tensors: tensorsOfLayers(tensors),
    keras3: false,
  });
  const layers = { file, bytes, shards, layouts: drawn.layouts };
  return { ...readOnnx(drawn.bytes, file), layers };
}

function tensorsOfLayers(tensors: ReadonlyMap<string, TfjsTensor>) {
  return layerTensors(
    [...tensors].map(([name, tensor]) => ({
      path: name,
      read: () => ({ name, shape: tensor.spec.shape, data: numbersOfTfjs(tensor) }),
    })),
  );
}

/** The network of a model.json: as a converter writes it, or as TensorFlow.js itself does. */
function networkOfModel({ modelTopology }: TfjsModel, file: string): KerasModel {
  return kerasModel(modelTopology.model_config ?? modelTopology, file);
}

/** A model.json, and the file beside it that has all of its weights. */
export interface TfjsFiles {
  readonly bytes: Uint8Array;
  readonly beside: ReadonlyMap<string, Uint8Array>;
}

/**
 * The layers model that a network was read from, with what became of the network since: smaller tensors, in
 * the types that they have, and the counts of filters and units that go with them. Where nothing became of
 * it, the files are those that were read.
 *
 * @param onnx the ONNX file that was drawn of it.
 * @param shard what the file with the weights is called.
 * @throws EspalierError `bad-network` where it has no form as such layers: one that is used several times was
 *   cut in several ways, or numbers that a layer has not were trained.
 */
export function writeTfjsLayers(
  { file, bytes, shards, layouts }: TfjsLayers,
  onnx: OnnxSource,
  { network, shard }: { readonly network: Network; readonly shard: string },
): TfjsFiles {
  const written = writeOnnx(onnx, network, shard);
  if (written.bytes === onnx.bytes) return { bytes, beside: shards };
  const [before, after] = [onnx.bytes, written.bytes].map((own) => tensorsOfFile(own, file)) as [
    OnnxTensors,
    OnnxTensors,
  ];
  requireLayers(before, { file, after, layouts });
  const model = structuredClone(parseTfjs(bytes, file));
  const old = tfjsTensors(model, file, shards);
  const smaller = new Map(
    [...old].map(([name, tensor]) => {
      const [layout, own] = [layouts.get(name), after.get(name)];
      const same = own && isSame(own, before.get(name) as OnnxTensor);
      if (!layout || !own || same) return [name, tensor] as const;
      const { shape, data } = layerTensor(layout, own, tensor.spec.shape[3]);
      return [name, tfjsOfNumbers(tensor, shape, data)] as const;
    }),
  );
  recount(networkOfModel(model, file), { tensors: tensorsOfLayers(smaller), after });
  const weights = [...smaller.values()];
  const json = {
    ...model,
    weightsManifest: [{ paths: [shard], weights: weights.map(({ spec }) => spec) }],
  };
  return {
    bytes: new TextEncoder().encode(JSON.stringify(json)),
    beside: new Map([[shard, joinedBytes(weights.map((tensor) => tensor.bytes))]]),
  };
}

/** A tensor of the ONNX file that stands for the layers. */
interface OnnxTensor {
  readonly dims: readonly number[];
  readonly numbers: Float32Array;
}

type OnnxTensors = ReadonlyMap<string, OnnxTensor>;

function tensorsOfFile(bytes: Uint8Array, file: string): OnnxTensors {
  const { graph } = decodeOnnx(bytes, file);
  return new Map(
    graph.initializer.map((tensor) => {
      const numbers = Float32Array.from(numbersOfTensor(tensor, { file, external: new Map() }));
      return [tensor.name, { dims: sizesOfTensor(tensor, file), numbers }];
    }),
  );
}

function isSame(one: OnnxTensor, other: OnnxTensor): boolean {
  return (
    one.dims.join() === other.dims.join() &&
    one.numbers.every((value, at) => Object.is(value, other.numbers[at]))
  );
}

/** Refuses what has no form as the layers that were read. */
function requireLayers(
  before: OnnxTensors,
  {
    file,
    after,
    layouts,
  }: {
    readonly file: string;
    readonly after: OnnxTensors;
    readonly layouts: ReadonlyMap<string, WeightLayout>;
  },
): void {
  const refused = (name: string, problem: string) =>
    new EspalierError(
      'bad-network',
      `${quoted(name)} of ${file} ${problem}: write the network as .onnx instead.`,
    );
  for (const [name, tensor] of after) {
    const own = before.get(name);
    if (!own)
      throw refused(name, 'is of a layer that is used several times, and was cut in several ways');
    const known = layouts.has(name) || name.endsWith('/shape') || isSame(tensor, own);
    const even = tensor.numbers.every((value) => value === own.numbers[0]);
    const filled = own.numbers.every((value) => value === own.numbers[0]) && even;
    if (!known && !filled) throw refused(name, 'are numbers that the layer has no place for');
  }
}

/** Brings the counts in a description up to date with the tensors. */
function recount(
  { layers }: KerasModel,
  {
    tensors,
    after,
  }: { readonly tensors: ReturnType<typeof tensorsOfLayers>; readonly after: OnnxTensors },
): void {
  for (const { className, name, weights, config } of layers) {
    const outputs = (role: string) => tensors(weights, role)?.shape.at(-1);
    if (className === 'Conv2D') config.filters = outputs('kernel');
    else if (className === 'SeparableConv2D') config.filters = outputs('pointwise_kernel');
    else if (className === 'Dense') config.units = outputs('kernel');
    const shape = className === 'Reshape' ? after.get(`${name}/shape`) : undefined;
    if (shape) config.target_shape = [1, 1, shape.numbers[1]];
  }
}

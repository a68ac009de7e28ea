import { EspalierError, errorMessage } from '../../errors.js';
import { parseJson } from '../../json.js';
import { quoted } from '../../text.js';
import { decodeFloats } from '../elements.js';
import type { Drawing, Drawn, LayerTensor, WeightLayout } from '../onnx/channels-last.js';
import { draftedFile, draftNode, emptyDraft } from '../onnx/draft.js';
import { type OnnxNetwork, readOnnx } from '../onnx/read.js';
import { type Hdf5Object, openHdf5 } from './hdf5.js';
import { type KerasLayer, type KerasModel, kerasModel } from './layers.js';
import { drawLayer } from './rules.js';
import { refusedLayer } from './settings.js';
import { type LayerTensors, layerTensors } from './tensors.js';

/** A description is some hundred characters a layer. */
const MOST_DESCRIPTION = 16_000_000;

/**
 * Reads a network from the untrusted bytes of a Keras file (`.h5`): a Sequential or Functional network
 * whose maps have their channels last. What it reads is drawn as an ONNX file, whose images have their
 * channels first, and read as such: it is written as that file, too.
 *
 * @throws EspalierError `bad-data` where the file is damaged, or holds weights alone; `bad-network` for a
 *   layer that is not known, `Lambda` among them; both name `file`, and the layer.
 */
export function readKeras(bytes: Uint8Array, file: string): OnnxNetwork {
  const root = openHdf5(bytes, file);
  const description = root.attributes.get('model_config')?.[0];
  if (description === undefined) {
    throw new EspalierError(
      'bad-data',
      `${file} holds weights without their network: save both, by model.save("net.h5").`,
    );
  }
  let parsed: unknown;
  try {
    parsed = parseJson(description, MOST_DESCRIPTION);
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `The description of the network in ${file} is damaged: ${errorMessage(cause)}.`,
      { cause },
    );
  }
  const version = root.attributes.get('keras_version')?.[0] ?? '';
  const weights = root.members.get('model_weights')?.() ?? root;
  const tensors = tensorsOfGroups(weights, file);
  const keras3 = version.startsWith('3');
  const { bytes: drawn } = drawKeras(kerasModel(parsed, file), { file, tensors, keras3 });
  return readOnnx(drawn, file);
}

/** A network of layers as an ONNX file, and how each tensor of a layer lies there. */
export interface DrawnKeras {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly layouts: ReadonlyMap<string, WeightLayout>;
}

/** @throws EspalierError `bad-network` naming the layer that is not known. */
export function drawKeras(
  { name, layers, output }: KerasModel,
  {
    file,
    tensors,
    keras3,
  }: { readonly file: string; readonly tensors: LayerTensors; readonly keras3: boolean },
): DrawnKeras {
  const drawing: Drawing = { ...emptyDraft(), file, layouts: new Map() };
  const values = new Map<string, Drawn>();
  const inputs: { readonly name: string; readonly sizes: readonly number[] }[] = [];
  for (const layer of layers) {
    if (layer.className === 'InputLayer') {
      const input = inputOfLayer({ file, layer });
      inputs.push(input);
      values.set(layer.name, { name: input.name, kind: input.sizes.length === 1 ? 'row' : 'map' });
      continue;
    }
    const [first, ...others] = layer.inputs.map((own) => values.get(own) as Drawn);
    if (!first) throw refusedLayer({ file, layer }, 'reads nothing');
    const tensor = (role: string) => tensors(layer.weights, role);
    const reading = { drawing, file, layer, tensor, keras3 };
    values.set(layer.name, drawLayer({ ...reading, inputs: [first, ...others] }));
  }
  const [input, ...more] = inputs;
  if (!input || more.length > 0) {
    throw new EspalierError('bad-network', `${file} has ${inputs.length} inputs; one is needed.`);
  }
  const answers = values.get(output) as Drawn;
  const rows =
    answers.kind === 'row'
      ? answers.name
      : draftNode(drawing, { opType: 'Flatten', from: [answers.name], to: `${answers.name}/rows` });
  return {
    bytes: draftedFile(drawing, { name, input, output: { name: rows, sizes: ['answers'] } }),
    layouts: drawing.layouts,
  };
}

/** Images [n, rows, columns, channels], of which ONNX has the channels first, or rows of numbers. */
function inputOfLayer(place: { readonly file: string; readonly layer: KerasLayer }) {
  const { config, name } = place.layer;
  const given = config.batch_input_shape ?? config.batch_shape;
  const sizes: readonly unknown[] = Array.isArray(given) ? given.slice(1) : [];
  const known = sizes.every(
    (size) => typeof size === 'number' && Number.isInteger(size) && size >= 1,
  );
  if (!known || sizes.length < 1 || sizes.length > 3) {
    throw refusedLayer(
      place,
      `takes images of the shape ${quoted(JSON.stringify(given) ?? 'nothing')}; [null, height, width, channels] of sizes that are fixed are needed`,
    );
  }
  const [height = 1, width = 1, channels = 1] = sizes as readonly number[];
  // Pictures without an axis of channels are grey.
  return { name, sizes: sizes.length === 1 ? [height] : [channels, height, width] };
}

/** The tensors of a file's groups, one a layer. */
function tensorsOfGroups(weights: Hdf5Object, file: string): LayerTensors {
  return layerTensors(
    [...weights.members].flatMap(([layer, open]) => {
      const group = open();
      const lists = [...group.attributes].filter(([key]) => /^weight_names\d*$/.test(key));
      return lists
        .flatMap(([, paths]) => paths)
        .map((path) => ({ path, layer, read: () => tensorAt(group, path, { file, layer }) }));
    }),
  );
}

function tensorAt(
  group: Hdf5Object,
  path: string,
  { file, layer }: { readonly file: string; readonly layer: string },
): LayerTensor {
  const object = path
    .split('/')
    .reduce<Hdf5Object | undefined>((own, word) => own?.members.get(word)?.(), group);
  const data = object?.data;
  const types = { 2: 'F16', 4: 'F32', 8: 'F64' } as const;
  const type = types[data?.elementBytes as keyof typeof types];
  if (!data || !type) {
    throw new EspalierError(
      'bad-data',
      `The weights ${quoted(path)} of ${quoted(layer)} in ${file} are missing, or no floating-point numbers.`,
    );
  }
  return { name: path.replace(/:0$/, ''), shape: data.shape, data: decodeFloats(data.bytes, type) };
}

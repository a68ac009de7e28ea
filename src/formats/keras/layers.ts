import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';

/** A layer of a Keras network, called once. */
export interface KerasLayer {
  /** Its own name; of a second call with the number of the call behind. */
  readonly name: string;
  /** Whose weights it has. */
  readonly weights: string;
  readonly className: string;
  /** As the file has it: what is changed there is changed in the file's own description. */
  readonly config: Config;
  /** Names of the layers that it reads. */
  readonly inputs: readonly string[];
  /** What an operation that became a layer takes besides maps. */
  readonly operands: readonly unknown[];
}

/** A network as Keras describes it, with the networks within taken apart. */
export interface KerasModel {
  readonly name: string;
  /** In an order in which a layer comes behind everything that it reads. */
  readonly layers: readonly KerasLayer[];
  readonly output: string;
}

/** An object of a description. */
export type Config = Record<string, unknown>;

const NETWORKS = ['Functional', 'Model', 'Sequential'];

/** Layers that a network has at most, and networks within each other. */
const [MOST_LAYERS, MOST_LEVELS] = [20_000, 8];

/**
 * The layers of a network from Keras's description (`model_config`), Sequential or Functional, of Keras 1
 * to 3 and TensorFlow.js.
 *
 * @throws EspalierError `bad-data` naming `file` where it is no such description; `bad-network` for a
 *   network with several inputs or outputs.
 */
export function kerasModel(description: unknown, file: string): KerasModel {
  const root = asConfig(description);
  const className = root?.class_name;
  if (!root || typeof className !== 'string' || !NETWORKS.includes(className)) {
    throw broken(
      file,
      `it describes ${className === undefined ? 'no network' : `a ${quoted(String(className))}, and no Sequential or Functional network`}`,
    );
  }
  const reading: Reading = { file, layers: [], names: new Set() };
  const output = readNetwork(reading, root, { inputs: undefined, level: 0, prefix: '' });
  const name = asConfig(root.config)?.name;
  return { name: typeof name === 'string' ? name : 'network', layers: reading.layers, output };
}

interface Reading {
  readonly file: string;
  readonly layers: KerasLayer[];
  readonly names: Set<string>;
}

interface Place {
  /** What a network within reads; the outermost has an input of its own. */
  readonly inputs: readonly string[] | undefined;
  readonly level: number;
  /** Of the names of its layers, where others have them too. */
  readonly prefix: string;
}

/** Takes up the layers of a network, and gives the name of the one that answers. */
function readNetwork(reading: Reading, network: Config, place: Place): string {
  if (place.level > MOST_LEVELS)
    throw broken(reading.file, 'it has networks within networks without end');
  return network.class_name === 'Sequential'
    ? readSequential(reading, network, place)
    : readFunctional(reading, network, place);
}

function readSequential(reading: Reading, { config }: Config, place: Place): string {
  // Keras before 2.2.3 had the bare list.
  const list = Array.isArray(config) ? config : asConfig(config)?.layers;
  if (!Array.isArray(list) || list.length === 0)
    throw broken(reading.file, 'its Sequential has no layers');
  let last = place.inputs?.[0];
  for (const entry of list) {
    const layer = layerOfEntry(reading, entry);
    const isNetwork = NETWORKS.includes(layer.className);
    if (last === undefined && layer.className !== 'InputLayer' && !isNetwork) {
      const sizes =
        layer.config.batch_input_shape ?? layer.config.batch_shape ?? builtShape(config);
      last = addLayer(reading, place, {
        name: `${layer.name}_input`,
        className: 'InputLayer',
        config: { batch_input_shape: sizes },
        inputs: [],
        operands: [],
      });
    }
    if (layer.className === 'InputLayer' && last !== undefined) continue;
    const inputs: readonly string[] | undefined = last === undefined ? undefined : [last];
    last = isNetwork
      ? readNetwork(reading, layer.entry, within(place, layer.name, inputs))
      : addLayer(reading, place, { ...layer, inputs: inputs ?? [], operands: [] });
  }
  return last as string;
}

function builtShape(config: unknown): unknown {
  return asConfig(config)?.build_input_shape;
}

function within(place: Place, name: string, inputs: Place['inputs']): Place {
  return { inputs, level: place.level + 1, prefix: `${place.prefix}${name}/` };
}

function readFunctional(reading: Reading, { config }: Config, place: Place): string {
  const { file } = reading;
  const own = asConfig(config);
  const list = own?.layers;
  if (!own || !Array.isArray(list)) throw broken(file, 'its network has no layers');
  const waiting = list.flatMap((entry) => {
    const layer = layerOfEntry(reading, entry);
    const calls = layer.className === 'InputLayer' ? [[]] : callsOfLayer(reading, layer);
    return calls.map((call, at) => ({ layer, at, call }));
  });
  const ends = (key: 'input_layers' | 'output_layers'): readonly Tensor[] => {
    const found = tensorsIn(own[key]);
    if (found.length === 1) return found;
    throw new EspalierError(
      'bad-network',
      `${file} has ${found.length} ${key === 'input_layers' ? 'inputs' : 'outputs'}; one is needed.`,
    );
  };
  const [input] = ends('input_layers') as [Tensor];
  const [output] = ends('output_layers') as [Tensor];
  const done = new Map<string, string>();
  let left = waiting;
  while (left.length > 0) {
    const blocked: typeof left = [];
    for (const one of left) {
      const { layer, at, call } = one;
      const found = tensorsIn(call);
      const reads = found.map((tensor) => done.get(keyOfTensor(tensor)));
      if (reads.some((name) => name === undefined)) {
        blocked.push(one);
        continue;
      }
      const key = keyOfTensor({ layer: layer.name, call: at });
      const inputs = reads as string[];
      if (layer.className === 'InputLayer' && place.inputs && layer.name === input.layer) {
        done.set(key, place.inputs[0] as string);
      } else if (NETWORKS.includes(layer.className)) {
        if (at > 0)
          throw broken(file, `the network ${quoted(layer.name)} within it is called twice`);
        done.set(key, readNetwork(reading, layer.entry, within(place, layer.name, inputs)));
      } else {
        const name = at === 0 ? layer.name : `${layer.name}:${at}`;
        const operands = call.flatMap(operandsIn);
        done.set(key, addLayer(reading, place, { ...layer, name, inputs, operands }, layer.name));
      }
    }
    if (blocked.length === left.length) {
      const { layer } = blocked[0] as (typeof left)[number];
      throw broken(file, `the layer ${quoted(layer.name)} reads what is not there, or itself`);
    }
    left = blocked;
  }
  const name = done.get(keyOfTensor(output));
  if (name === undefined) throw broken(file, `its output ${quoted(output.layer)} is no layer`);
  return name;
}

/** A layer's output: that of one of its calls. */
interface Tensor {
  readonly layer: string;
  readonly call: number;
}

function keyOfTensor({ layer, call }: Tensor): string {
  return JSON.stringify([layer, call]);
}

/** The calls of a layer, each with what it reads. */
function callsOfLayer({ file }: Reading, { name, entry }: Entry): readonly (readonly unknown[])[] {
  const nodes = entry.inbound_nodes;
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw broken(file, `the layer ${quoted(name)} is called by nobody`);
  }
  return nodes.map((node: unknown) => (Array.isArray(node) && !isTensor(node) ? node : [node]));
}

/** `[layer, call, output, operands]` */
function isTensor(value: unknown): value is readonly [string, number, number, ...unknown[]] {
  return (
    Array.isArray(value) &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'number' &&
    typeof value[2] === 'number'
  );
}

/** The tensors that a part of a description names, in its order: in Keras 3 by `keras_history`. */
function tensorsIn(value: unknown): readonly Tensor[] {
  if (isTensor(value)) {
    const [layer, call] = value;
    return [{ layer, call }, ...value.slice(3).flatMap(tensorsIn)];
  }
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  const own = asConfig(value);
  if (!own) return [];
  if (isTensor(own.keras_history)) return tensorsIn([...own.keras_history.slice(0, 3)]);
  return Object.values(own).flatMap(tensorsIn);
}

/** The numbers that a call of an operation takes by name. */
function operandsIn(value: unknown): readonly unknown[] {
  if (!isTensor(value)) return [];
  const named = asConfig(value[3]);
  return named ? Object.values(named).filter((own) => typeof own === 'number') : [];
}

interface Entry {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  readonly entry: Config;
}

function layerOfEntry({ file }: Reading, value: unknown): Entry {
  const entry = asConfig(value);
  const config = asConfig(entry?.config) ?? (Array.isArray(entry?.config) ? {} : undefined);
  const name = entry?.name ?? config?.name ?? entry?.class_name;
  if (!entry || !config || typeof entry.class_name !== 'string' || typeof name !== 'string') {
    throw broken(file, 'one of its layers has no class, name or configuration');
  }
  return { name, className: entry.class_name, config, entry };
}

function addLayer(
  { file, layers, names }: Reading,
  { prefix }: Place,
  { name, className, config, inputs, operands }: Omit<KerasLayer, 'weights'>,
  weights = name,
): string {
  if (layers.length >= MOST_LAYERS) throw broken(file, `it has more than ${MOST_LAYERS} layers`);
  const own = names.has(name) ? `${prefix}${name}` : name;
  if (names.has(own)) throw broken(file, `it has the layer ${quoted(own)} twice`);
  names.add(own);
  layers.push({ name: own, weights, className, config, inputs, operands });
  return own;
}

function asConfig(value: unknown): Config | undefined {
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return plain ? (value as Config) : undefined;
}

function broken(file: string, problem: string): EspalierError {
  return new EspalierError(
    'bad-data',
    `${file} describes no network that can be read: ${problem}.`,
  );
}

import { z } from 'zod';
import { PREPROCESSINGS, type Preprocessing } from '../../data/pictures.js';
import { EspalierError } from '../../errors.js';
import type { Counter } from '../../formats/checkpoint.js';
import { type FilesBeside, formatOfNetwork, readNetwork } from '../../formats/networks.js';
import type { InputSize } from '../../formats/onnx/ends.js';
import type { OnnxSource } from '../../formats/onnx/read.js';
import type { TfjsLayers } from '../../formats/tfjs/layers.js';
import { decodeWeights, encodeWeights } from '../../formats/weights.js';
import { fitWeights } from '../../graph/fit.js';
import type { Graph } from '../../graph/graph.js';
import { parseGraph } from '../../graph/json.js';
import type { Network } from '../../graph/weights.js';
import { fitArchitecture, recogniseArchitectures, type Stem } from '../../models/architectures.js';

/** A trained network as read from a file. */
export interface Model {
  /** Its name; of a file that describes its network that of the file, without its ending. */
  readonly architecture: string;
  readonly network: Network;
  /** What the architecture's usual weights expect of pixels; others may have been trained on others. */
  readonly preprocessing: Preprocessing;
  /** Tensors of whole numbers, of no use here, that PyTorch wants back. */
  readonly counters: ReadonlyMap<string, Counter>;
  /** The ONNX file that it was read from, or drawn as, which a smaller one is made of. */
  readonly onnx?: OnnxSource;
  /** The TensorFlow.js layers that it was read from, which smaller ones are made of. */
  readonly layers?: TfjsLayers;
  /** Of one that was pruned: which channels of each unit stayed, by their indices in the network as it came. */
  readonly kept?: Readonly<Record<string, readonly number[]>>;
}

/** What a file of weights alone does not say. */
export interface LoadOptions {
  /** By its name; where it is left out, the one whose names and shapes the weights have. */
  readonly architecture?: string | undefined;
  readonly stem?: Stem | undefined;
  /** Files beside a network that its tensors lie in (`namesBeside`). */
  readonly beside?: FilesBeside | undefined;
  /** Height and width of the images that an ONNX network is read for, where it leaves them open. */
  readonly inputSize?: InputSize | undefined;
}

/**
 * Reads a model from untrusted bytes: ONNX, Keras's `.h5`, TensorFlow.js's `model.json`, safetensors, or
 * what PyTorch's `torch.save` wrote. The first three, and a file that `encodeModel` wrote, say themselves
 * what network they hold.
 *
 * @throws bad-data naming the file and what is wrong with it; bad-network when its weights are not
 *   the architecture's; bad-config when the architecture is unknown, or not named and none fits or
 *   several do.
 */
export function loadModel(
  bytes: Uint8Array,
  file: string,
  { architecture, stem, beside = new Map(), inputSize }: LoadOptions = {},
): Model {
  const format = formatOfNetwork(bytes, file);
  if (format) {
    if (architecture !== undefined) {
      throw new EspalierError('bad-config', {
        kind: 'value',
        key: 'architecture',
        given: architecture,
        allowed: 'left out',
        because: `${file} says itself what network it holds`,
      });
    }
    const read = readNetwork(bytes, file, { format, beside, inputSize });
    const preprocessing = usualPreprocessing(read.network.graph);
    // The file's name, not the graph's: exporters call every graph alike.
    const name = file.replace(/^.*[\\/]|\.(onnx|h5|hdf5|json)$/gi, '');
    return { architecture: name, preprocessing, counters: new Map(), ...read };
  }
  const { weights, counters, texts } = decodeWeights(bytes, file);
  const own = describedModel(texts, file);
  if (own && (architecture === undefined || architecture === own.graph.name)) {
    const { network } = fitWeights(own.graph, weights);
    const preprocessing = own.preprocessing ?? usualPreprocessing(own.graph);
    return { architecture: own.graph.name, network, preprocessing, counters };
  }
  const name =
    architecture ??
    onlyFitting(
      recogniseArchitectures(weights).map((own) => own.name),
      file,
    );
  const { network } = fitArchitecture(name, weights, stem ? { stem } : {});
  const preprocessing = usualPreprocessing(network.graph);
  return { architecture: name, network, preprocessing, counters };
}

/** Keys of a file's metadata. */
const GRAPH = 'espalier.graph';
const PREPROCESSING = 'espalier.preprocessing';
const KEPT = 'espalier.kept';

/**
 * A model's weights with PyTorch's names, as safetensors or as `torch.save` writes them, its graph and
 * what it expects of pixels beside them: a pruned network has no other file that says how many channels
 * are left where. Which these were is there as well, as JSON: `espalier.kept`.
 */
export function encodeModel(
  { network, preprocessing, counters, kept }: Omit<Model, 'architecture'>,
  encode: typeof encodeWeights = encodeWeights,
): Uint8Array<ArrayBuffer> {
  return encode(
    { weights: network.weights, counters },
    {
      [GRAPH]: JSON.stringify(network.graph),
      [PREPROCESSING]: JSON.stringify(preprocessing),
      ...(kept && { [KEPT]: JSON.stringify(kept) }),
    },
  );
}

const preprocessingSchema = z.strictObject({
  mean: z.array(z.number()).min(1),
  deviation: z.array(z.number().positive()).min(1),
});

/** What the words beside the weights say of the network, if anything. */
function describedModel(texts: ReadonlyMap<string, string>, file: string) {
  const text = texts.get(GRAPH);
  if (text === undefined) return undefined;
  const graph = parseGraph(text, `${GRAPH} in ${file}`);
  const given = texts.get(PREPROCESSING);
  if (given === undefined) return { graph };
  const channels = graph.input.channels;
  try {
    const preprocessing = preprocessingSchema.parse(JSON.parse(given));
    const { mean, deviation } = preprocessing;
    if (mean.length === channels && deviation.length === channels) return { graph, preprocessing };
  } catch {
    // Told below, whatever is wrong with it.
  }
  throw new EspalierError(
    'bad-data',
    `${PREPROCESSING} in ${file} must hold mean and deviation of ${channels} channels.`,
  );
}

function onlyFitting(names: readonly string[], file: string): string {
  const [name, ...others] = new Set(names);
  if (name !== undefined && others.length === 0) return name;
  const why =
    name === undefined ? 'no known architecture has' : `${[name, ...others].join(', ')} all have`;
  throw new EspalierError('bad-config', {
    kind: 'message',
    message: `${file} holds weights alone, and ${why} their names and shapes.`,
    instead: { architecture: name ?? 'NAME' },
  });
}

/** Rows of CIFAR's pictures; networks for larger ones are made for ImageNet's. */
const CIFAR_SIDE = 32;

/**
 * What an architecture's usual weights expect of pixels: the CIFAR ResNets of He et al. in their
 * best-known PyTorch form, and all networks for ImageNet, take ImageNet's mean and deviation.
 */
export function usualPreprocessing({ name, input }: Graph): Preprocessing {
  if (input.channels !== 3) return unitPreprocessing(input.channels);
  const imagenet = input.height > CIFAR_SIDE || /^resnet(20|32|44|56)$/.test(name);
  return imagenet ? PREPROCESSINGS.imagenet : PREPROCESSINGS.cifar10;
}

/** Pixels from 0 to 1, for networks that see other channels than red, green and blue. */
function unitPreprocessing(channels: number): Preprocessing {
  const all = (value: number) => Array.from({ length: channels }, () => value);
  return { mean: all(0), deviation: all(1) };
}

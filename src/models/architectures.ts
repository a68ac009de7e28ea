import { EspalierError } from '../errors.js';
import { type FittedNetwork, findMisfits, fitWeights, misfitsText } from '../graph/fit.js';
import type { Graph, MapShape, Node } from '../graph/graph.js';
import type { Weights } from '../graph/weights.js';
import type { BuildOptions } from './build-options.js';
import { mobilenetV2 } from './mobilenet-v2.js';
import { resnet } from './resnet.js';
import { resnetCifar } from './resnet-cifar.js';
import { resnet8 } from './resnet8.js';
import { vgg16 } from './vgg16.js';

export const STEMS = ['cifar', 'imagenet'] as const satisfies readonly Stem[];

/** The widest that is accepted: a larger factor is rather a mistake than a wish. */
export const WIDEST = 64;

/** How a network begins, and what it is made for: small images or large ones. */
export type Stem = 'cifar' | 'imagenet';

/** A network that can be built by name. */
export interface Architecture {
  readonly name: string;
  /** For those who choose one from a list. */
  readonly title: string;
  /**
   * The stems that it has, and what each is built with by default. The first of STEMS that it has
   * is its own default.
   */
  readonly stems: Readonly<Partial<Record<Stem, BuildDefaults>>>;
  readonly build: (stem: Stem, options: BuildOptions) => Graph;
}

export interface BuildDefaults {
  readonly input: MapShape;
  readonly classes: number;
}

const CIFAR: BuildDefaults = { input: { channels: 3, height: 32, width: 32 }, classes: 10 };
const IMAGENET: BuildDefaults = { input: { channels: 3, height: 224, width: 224 }, classes: 1000 };

export const ARCHITECTURES: readonly Architecture[] = [
  {
    name: 'resnet8',
    title: 'ResNet-8 of MLPerf Tiny',
    stems: { cifar: CIFAR },
    build: (_, options) => resnet8(options),
  },
  ...([20, 32, 44, 56] as const).map(
    (depth): Architecture => ({
      name: `resnet${depth}`,
      title: `ResNet-${depth} for CIFAR, padded identity shortcuts`,
      stems: { cifar: CIFAR },
      build: (_, options) => resnetCifar(depth, options),
    }),
  ),
  ...([18, 34] as const).map(
    (depth): Architecture => ({
      name: `resnet${depth}`,
      title: `ResNet-${depth}, basic blocks`,
      stems: { cifar: CIFAR, imagenet: IMAGENET },
      build: (stem, options) => resnet(depth, stem, options),
    }),
  ),
  {
    name: 'mobilenet-v2',
    title: 'MobileNetV2, inverted residuals',
    stems: { cifar: CIFAR, imagenet: IMAGENET },
    build: mobilenetV2,
  },
  {
    name: 'vgg16',
    title: 'VGG-16 with batch norm',
    stems: { cifar: CIFAR, imagenet: IMAGENET },
    build: vgg16,
  },
];

/** What is asked of an architecture; what is left out is the stem's default, and width 1. */
export interface ArchitectureOptions extends Partial<BuildOptions> {
  readonly stem?: Stem;
}

/**
 * The graph of an architecture by its name.
 *
 * @throws EspalierError `bad-config` for a name or stem that it has not, listing those it has, or a
 * width or number of classes that is out of range.
 */
export function buildArchitecture(name: string, options: ArchitectureOptions = {}): Graph {
  const architecture = findArchitecture(name);
  const known = STEMS.filter((own) => own in architecture.stems);
  const stem = options.stem ?? known[0]!;
  const defaults = architecture.stems[stem];
  if (defaults === undefined) {
    throw refused('stem', stem, `${known.join(' or ')} for ${name}`);
  }
  const { input = defaults.input, classes = defaults.classes, width = 1 } = options;
  if (!(width > 0 && width <= WIDEST)) {
    throw refused('width', width, `a number above 0 and at most ${WIDEST}`);
  }
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw refused('classes', classes, 'a whole number from 1 on');
  }
  return architecture.build(stem, { input, classes, width });
}

/** An architecture that has the names and shapes of given tensors. */
export interface Recognised {
  readonly name: string;
  readonly stem: Stem;
  readonly graph: Graph;
}

/**
 * A file's tensors as the weights of an architecture. Stem, classes and width that are not asked for
 * are those that the tensors have.
 *
 * @throws EspalierError `bad-config` as `buildArchitecture` does; `bad-network` when tensors are
 * missing, left over or mis-shaped, which says too which architectures they fit.
 */
export function fitArchitecture(
  name: string,
  tensors: Weights,
  options: ArchitectureOptions = {},
): FittedNetwork {
  const usual = buildArchitecture(name, options);
  const [fitting] = recogniseStems(findArchitecture(name), tensors, options);
  if (fitting !== undefined) return fitWeights(fitting.graph, tensors);
  const others = recogniseArchitectures(tensors).map((own) => `${own.name} (${own.stem})`);
  const advice = others.length > 0 ? `They are those of ${others.join(' or ')}.` : '';
  throw new EspalierError(
    'bad-network',
    `${misfitsText(usual, findMisfits(usual, tensors))} ${advice}`.trimEnd(),
  );
}

/**
 * Every architecture and stem that has the tensors' names and shapes at some width and number of
 * classes.
 */
export function recogniseArchitectures(tensors: Weights): Recognised[] {
  return ARCHITECTURES.flatMap((architecture) => recogniseStems(architecture, tensors, {}));
}

/**
 * Stems may have the same parameters. The one that is made for as many classes then comes first.
 */
function recogniseStems(
  architecture: Architecture,
  tensors: Weights,
  options: ArchitectureOptions,
): Recognised[] {
  const { name, stems } = architecture;
  const asked = STEMS.filter((stem) => stem in stems && stem === (options.stem ?? stem));
  return asked
    .map((stem) => {
      const found = sizesFromWeights(buildArchitecture(name, { ...options, stem }), tensors);
      const graph = buildArchitecture(name, { ...found, ...options, stem });
      return { name, stem, graph, usual: found.classes === stems[stem]?.classes };
    })
    .filter(({ graph }) => findMisfits(graph, tensors).length === 0)
    .sort((one, other) => Number(other.usual) - Number(one.usual))
    .map(({ usual: _, ...recognised }) => recognised);
}

/** Classes and width by the shapes of the last layer and the first convolution, where they make sense. */
function sizesFromWeights(
  { nodes, output }: Graph,
  tensors: Weights,
): { readonly classes?: number; readonly width?: number } {
  const weightOutputs = (node: Node | undefined) =>
    node !== undefined && 'weight' in node ? (tensors.get(node.weight)?.shape[0] ?? 0) : 0;
  const first = nodes.find((node) => node.kind === 'convolution')!;
  const classes = weightOutputs(nodes.find(({ name }) => name === output));
  const width = weightOutputs(first) / first.outputs;
  return { ...(classes > 0 && { classes }), ...(width > 0 && width <= WIDEST && { width }) };
}

function findArchitecture(name: string): Architecture {
  const architecture = ARCHITECTURES.find((own) => own.name === name);
  if (architecture === undefined) {
    const known = ARCHITECTURES.map((own) => own.name).join(', ');
    throw refused('architecture', name, `one of ${known}`);
  }
  return architecture;
}

function refused(key: string, given: unknown, allowed: string): EspalierError {
  return new EspalierError('bad-config', { kind: 'value', key, given, allowed });
}

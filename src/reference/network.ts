import type { BatchNorm, Convolution, MapShape, Node, Pool } from '../graph/graph.js';
import { inferShapes, type Shapes } from '../graph/shapes.js';
import type { Network, Weights } from '../graph/weights.js';
import { activate } from './activation.js';

/** Images, or the maps of a node for them: float64, [images, channels, height, width] row-major. */
export interface ReferenceMaps extends MapShape {
  readonly images: number;
  readonly data: Float64Array;
}

/** Where a batch norm has its mean and variance from: what it has kept, or these very images. */
export type Statistics = 'running' | 'images';

/**
 * What every node of a network gives for some images, by the node's name: float64 throughout, each
 * operation written from its definition, slow and plain. What whole networks are held against.
 *
 * With `statistics` 'images' every batch norm takes mean and (biased) variance over the images and
 * positions at hand, as training does.
 */
export function runReference(
  { graph, weights }: Network,
  images: ReferenceMaps,
  statistics: Statistics = 'running',
): ReadonlyMap<string, ReferenceMaps> {
  const shapes = inferShapes(graph);
  const maps = new Map([[graph.input.name, images]]);
  for (const node of graph.nodes) {
    maps.set(node.name, runNode({ node, weights, shapes, maps, statistics }));
  }
  return maps;
}

/** What a network answers: the data of its output node. */
export function referenceAnswers(
  network: Network,
  images: ReferenceMaps,
  statistics?: Statistics,
): Float64Array {
  return runReference(network, images, statistics).get(network.graph.output)!.data;
}

interface Step {
  readonly node: Node;
  readonly weights: Weights;
  readonly shapes: Shapes;
  readonly maps: ReadonlyMap<string, ReferenceMaps>;
  readonly statistics: Statistics;
}

function runNode({ node, weights, shapes, maps, statistics }: Step): ReferenceMaps {
  const [input, ...others] = node.inputs.map((name) => maps.get(name)!) as [
    ReferenceMaps,
    ...ReferenceMaps[],
  ];
  const value = (name: string): Float32Array => weights.get(name)!.data;
  /** A map of the node's shape, each value from its place. */
  const filled = (valueAt: (place: Place) => number): ReferenceMaps =>
    filledMaps(input.images, shapes.get(node.name)!, valueAt);
  switch (node.kind) {
    case 'convolution':
      return filled(convolutionValue(node, input, value));
    case 'linear': {
      const weight = value(node.weight);
      const bias = node.bias === undefined ? undefined : value(node.bias);
      return filled(({ image, channel }) => {
        let sum = bias?.[channel] ?? 0;
        for (let c = 0; c < input.channels; c++) {
          sum +=
            weight[channel * input.channels + c]! * at(input, { image, channel: c, y: 0, x: 0 });
        }
        return sum;
      });
    }
    case 'batch-norm':
      return filled(normalisedValue(node, input, value, statistics));
    case 'activation':
      return filled((place) => activate(node.activation, at(input, place)));
    case 'add':
      return filled((place) =>
        others.reduce((sum, other) => sum + at(other, place), at(input, place)),
      );
    case 'multiply': {
      const [gate] = others as [ReferenceMaps];
      const single = gate.height === 1 && gate.width === 1;
      return filled(
        (place) => at(input, place) * at(gate, single ? { ...place, y: 0, x: 0 } : place),
      );
    }
    case 'concatenation':
      return filled((place) => {
        let channel = place.channel;
        for (const map of [input, ...others]) {
          if (channel < map.channels) return at(map, { ...place, channel });
          channel -= map.channels;
        }
        throw new RangeError(`channel ${place.channel}`);
      });
    case 'max-pool':
    case 'average-pool':
      return filled(pooled(node, input));
    case 'global-average-pool':
      return filled((place) => {
        let sum = 0;
        for (let y = 0; y < input.height; y++) {
          for (let x = 0; x < input.width; x++) sum += at(input, { ...place, y, x });
        }
        return sum / (input.height * input.width);
      });
    case 'flatten':
      return { ...shapes.get(node.name)!, images: input.images, data: input.data };
    case 'channel-pad':
      return filled((place) => at(input, { ...place, channel: place.channel - node.before }));
    case 'strided-slice': {
      const [down, across] = node.stride;
      return filled((place) => at(input, { ...place, y: place.y * down, x: place.x * across }));
    }
    case 'opaque':
      throw new RangeError(`"${node.name}" (${node.operation}) has no definition here.`);
  }
}

interface Place {
  readonly image: number;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

function filledMaps(
  images: number,
  shape: MapShape,
  valueAt: (place: Place) => number,
): ReferenceMaps {
  const { channels, height, width } = shape;
  const data = new Float64Array(images * channels * height * width);
  let next = 0;
  for (let image = 0; image < images; image++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) data[next++] = valueAt({ image, channel, y, x });
      }
    }
  }
  return { channels, height, width, images, data };
}

/** The value at a place, 0 outside of the map. */
function at(map: ReferenceMaps, { image, channel, y, x }: Place): number {
  if (!lies(channel, map.channels) || !lies(y, map.height) || !lies(x, map.width)) return 0;
  return map.data[((image * map.channels + channel) * map.height + y) * map.width + x]!;
}

function lies(index: number, size: number): boolean {
  return index >= 0 && index < size;
}

/** Σ over the group's channels and the window of weight · input, plus the bias. */
function convolutionValue(
  { kernel, stride, padding, groups, outputs, ...node }: Convolution,
  input: ReferenceMaps,
  value: (name: string) => Float32Array,
): (place: Place) => number {
  const [rows, columns] = kernel;
  const weight = value(node.weight);
  const bias = node.bias === undefined ? undefined : value(node.bias);
  const inputsPerGroup = input.channels / groups;
  const outputsPerGroup = outputs / groups;
  return ({ image, channel: o, y, x }) => {
    const first = Math.floor(o / outputsPerGroup) * inputsPerGroup;
    let sum = bias?.[o] ?? 0;
    for (let c = 0; c < inputsPerGroup; c++) {
      const plane = (image * input.channels + first + c) * input.height;
      for (let ky = 0; ky < rows; ky++) {
        const row = y * stride[0] - padding.top + ky;
        if (!lies(row, input.height)) continue;
        const filter = ((o * inputsPerGroup + c) * rows + ky) * columns;
        for (let kx = 0; kx < columns; kx++) {
          const column = x * stride[1] - padding.left + kx;
          if (!lies(column, input.width)) continue;
          sum += weight[filter + kx]! * input.data[(plane + row) * input.width + column]!;
        }
      }
    }
    return sum;
  };
}

function normalisedValue(
  { epsilon, ...node }: BatchNorm,
  input: ReferenceMaps,
  value: (name: string) => Float32Array,
  statistics: Statistics,
): (place: Place) => number {
  const [weight, bias] = [value(node.weight), value(node.bias)];
  const { mean, variance } =
    statistics === 'images'
      ? momentsOfChannels(input)
      : { mean: value(node.mean), variance: value(node.variance) };
  return (place) => {
    const { channel } = place;
    const deviation = Math.sqrt(variance[channel]! + epsilon);
    return (weight[channel]! * (at(input, place) - mean[channel]!)) / deviation + bias[channel]!;
  };
}

function momentsOfChannels(input: ReferenceMaps): { mean: number[]; variance: number[] } {
  const { images, channels, height, width, data } = input;
  const positions = height * width;
  const mean: number[] = [];
  const variance: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const values = Array.from({ length: images }, (_, image) => {
      const start = (image * channels + channel) * positions;
      return [...data.subarray(start, start + positions)];
    }).flat();
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    mean.push(average);
    variance.push(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length);
  }
  return { mean, variance };
}

function pooled(
  { kind, kernel, stride, padding, countPads }: Pool,
  input: ReferenceMaps,
): (place: Place) => number {
  return (place) => {
    const values: number[] = [];
    for (let ky = 0; ky < kernel[0]; ky++) {
      for (let kx = 0; kx < kernel[1]; kx++) {
        const y = place.y * stride[0] - padding.top + ky;
        const x = place.x * stride[1] - padding.left + kx;
        if (lies(y, input.height) && lies(x, input.width))
          values.push(at(input, { ...place, y, x }));
      }
    }
    if (kind === 'max-pool') return Math.max(...values);
    const divisor = countPads ? kernel[0] * kernel[1] : values.length;
    return values.reduce((sum, value) => sum + value, 0) / divisor;
  };
}

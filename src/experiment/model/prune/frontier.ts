import { bytesOfPicture, type Pictures, type Preprocessing } from '../../../data/pictures.js';
import { DISPOSE } from '../../../disposal.js';
import { throwIfAborted } from '../../../errors.js';
import { createBuffer, type GpuBuffer } from '../../../gpu/buffer.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { Scope } from '../../../gpu/scope.js';
import { mapBehindFlattening } from '../../../graph/flattening.js';
import type { Graph } from '../../../graph/graph.js';
import { inferShapes, type Shapes } from '../../../graph/shapes.js';
import type { Network } from '../../../graph/weights.js';
import { featureMap } from '../../../kernels/feature-map.js';
import { prepareGatherImages } from '../../../kernels/gather-images.js';
import { wordsOfMap } from '../../../layers/maps.js';
import { prepareSegment, type Segment } from '../../../layers/segment.js';
import { uploadPictures, wordsOfBytes } from '../../../train/evaluation.js';

/**
 * Where in a network the calibration images are: the maps of all of them that the nodes from
 * `position` on still read. What lies before is computed once, and not again for each unit behind.
 */
export interface Frontier extends Disposable {
  /** Index of the first node that is still to be computed. */
  readonly position: number;
  /** The maps, by their nodes' names. */
  readonly names: readonly string[];
  readonly chunks: readonly FrontierChunk[];
}

export interface FrontierChunk {
  readonly images: number;
  readonly maps: ReadonlyMap<string, GpuBuffer>;
}

/** Bytes of the largest map of the images that are computed at once. */
const CHUNK_BYTES = 32 * 2 ** 20;
/** Images at once at most: more gain nothing, and progress would be shown less often. */
const CHUNK_IMAGES = 100;

/** Images that are computed at once. */
export function chunkImages(graph: Graph): number {
  const largest = Math.max(...[...inferShapes(graph).values()].map((map) => wordsOfMap(map, 1)));
  return Math.max(1, Math.min(CHUNK_IMAGES, Math.floor(CHUNK_BYTES / (4 * largest))));
}

/** The pictures themselves, normalised: where a network begins. */
export async function frontierOfPictures(
  device: Device,
  graph: Graph,
  pictures: Pictures,
  preprocessing: Preprocessing,
): Promise<Frontier> {
  const { input } = graph;
  const most = Math.min(chunkImages(graph), pictures.count);
  using scope = new Scope(device);
  const pixels = scope.buffer('pictures', wordsOfBytes(most * bytesOfPicture(pictures)));
  const words = wordsOfMap(input, most);
  const matrix = {
    buffer: scope.buffer('normalised pictures', words),
    rows: most * input.height * input.width,
    columns: input.channels,
    stride: words / (most * input.height * input.width),
    storage: 'f32',
  } as const;
  const gather = await prepareGatherImages(device, {
    pixels,
    map: featureMap(matrix, input),
    ...preprocessing,
  });
  return await collectChunks(device, { names: [input.name], position: 0 }, async (build) => {
    for (let first = 0; first < pictures.count; first += most) {
      const images = Math.min(most, pictures.count - first);
      uploadPictures(pixels, pictures, first, images);
      const commands = new Commands(device);
      gather(commands, { images });
      build.take(commands, images, () => ({
        buffer: matrix.buffer,
        words: wordsOfMap(input, images),
      }));
      await commands.finish();
    }
  });
}

/** A network in inference form, and where the calibration images are in it. */
export interface Calibrated {
  readonly network: Network;
  readonly frontier: Frontier;
}

/**
 * Takes the images on to the node at `position`; the maps before are freed, whatever happens.
 *
 * @throws aborted between chunks of images.
 */
export async function advanceFrontier(
  device: Device,
  calibrated: Calibrated,
  { position, signal }: { readonly position: number; readonly signal?: AbortSignal | undefined },
): Promise<Frontier> {
  using _ = calibrated.frontier;
  const names = liveMaps(calibrated.network.graph, position);
  return await mapsFrom(device, calibrated, { names, position, signal });
}

/**
 * Maps of the images, computed from where they are, which stay as well.
 *
 * @param position what is said to be computed next.
 * @throws aborted between chunks of images.
 */
export async function mapsFrom(
  device: Device,
  { network, frontier }: Calibrated,
  {
    names,
    position,
    signal,
  }: Pick<Frontier, 'names' | 'position'> & { readonly signal?: AbortSignal | undefined },
): Promise<Frontier> {
  const shapes = inferShapes(network.graph);
  const stay = names.every((name) => frontier.names.includes(name));
  using segment = stay
    ? undefined
    : await prepareSegment(device, network, {
        images: frontier.chunks[0]?.images ?? 1,
        given: frontier.names,
        wanted: names.filter((name) => !frontier.names.includes(name)),
      });
  return await collectChunks(device, { names, position }, async (build) => {
    for (const chunk of frontier.chunks) {
      const commands = new Commands(device);
      if (segment) encodeSegment(commands, segment, chunk);
      build.take(commands, chunk.images, (name) => ({
        buffer: chunk.maps.get(name) ?? (segment as Segment).map(name).matrix.buffer,
        words: wordsOfShape(shapes, name, chunk.images),
      }));
      await commands.finish();
      throwIfAborted(signal);
    }
  });
}

/** Encodes a part of a network for a chunk of images. */
export function encodeSegment(commands: Commands, segment: Segment, chunk: FrontierChunk): void {
  for (const [name, buffer] of chunk.maps) {
    const { matrix, height, width } = segment.map(name);
    commands.copy(buffer, matrix.buffer, chunk.images * height * width * matrix.stride);
  }
  segment.encode(commands, chunk.images);
}

/** The maps that nodes before `position` give and nodes from there on read; the graph's input among them. */
export function liveMaps({ nodes, input }: Graph, position: number): readonly string[] {
  const passed = nodes.slice(0, position);
  const before = new Set(passed.map(({ name }) => name));
  const mapBehind = mapBehindFlattening({ nodes: passed });
  const read = nodes.slice(position).flatMap(({ inputs }) => inputs);
  const live = read.filter((name) => before.has(name) || name === input.name);
  return [...new Set(live.map(mapBehind))];
}

interface Building {
  /** Encodes the copies of a chunk's maps into buffers of their own. */
  readonly take: (
    commands: Commands,
    images: number,
    source: (name: string) => { readonly buffer: GpuBuffer; readonly words: number },
  ) => void;
}

async function collectChunks(
  device: Device,
  { names, position }: Pick<Frontier, 'names' | 'position'>,
  fill: (build: Building) => Promise<void>,
): Promise<Frontier> {
  const chunks: FrontierChunk[] = [];
  const owned: GpuBuffer[] = [];
  const dispose = () => {
    for (const buffer of owned.splice(0)) buffer.dispose();
  };
  try {
    await fill({
      take: (commands, images, source) => {
        const maps = new Map<string, GpuBuffer>();
        for (const name of names) {
          const { buffer, words } = source(name);
          const own = createBuffer(device, `${name} of calibration images`, words);
          owned.push(own);
          commands.copy(buffer, own, words);
          maps.set(name, own);
        }
        chunks.push({ images, maps });
      },
    });
  } catch (error) {
    dispose();
    throw error;
  }
  return { position, names, chunks, [DISPOSE]: dispose };
}

function wordsOfShape(shapes: Shapes, name: string, images: number): number {
  const shape = shapes.get(name);
  if (!shape) throw new RangeError(`No shape of the map "${name}".`);
  return wordsOfMap(shape, images);
}

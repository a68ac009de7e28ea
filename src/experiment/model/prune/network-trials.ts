import { DISPOSE } from '../../../disposal.js';
import { EspalierError } from '../../../errors.js';
import { type GpuBuffer, readFloats, upload } from '../../../gpu/buffer.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { uploadMatrix } from '../../../gpu/matrix.js';
import { Scope } from '../../../gpu/scope.js';
import type { MapShape, Node } from '../../../graph/graph.js';
import { inferShapes } from '../../../graph/shapes.js';
import type { Unit } from '../../../graph/units.js';
import { featureMap } from '../../../kernels/feature-map.js';
import { prepareMultiply } from '../../../kernels/multiply.js';
import { prepareSoftmaxLoss } from '../../../kernels/softmax-loss.js';
import { imagesAtOnce } from '../../../layers/fit.js';
import { wordsOfMap } from '../../../layers/maps.js';
import { prepareSegment } from '../../../layers/segment.js';
import { type Calibrated, encodeSegment, liveMaps, mapsFrom } from './frontier.js';

/** Images of the minibatch that losses are taken of. */
const MINIBATCH = 32;
/** Images that go through the network behind the unit at once, each with a channel of its own. */
const AT_ONCE = 512;

export interface TrialProblem {
  readonly unit: Unit;
  /** The network as cut so far, in inference form, with the images at the unit or before it. */
  readonly place: Calibrated;
  /** Of the images. */
  readonly labels: Uint32Array;
}

/** An image of the minibatch, answered with one channel besides those that are picked. */
export interface ImageTrial {
  readonly channel: number;
  readonly image: number;
}

export interface NetworkTrials extends Disposable {
  /** Of the minibatch. */
  readonly images: number;
  /** The cross-entropy of each trial with these channels picked: all that are kept scaled by C over their number. */
  readonly losses: (
    picked: readonly number[],
    trials: readonly ImageTrial[],
  ) => Promise<Float32Array>;
}

/**
 * Makes the network behind a unit's writers ready for images of a minibatch, each with its own gate on
 * the unit's channels. What lies before is computed once.
 *
 * @param most images at once, fewer where the adapter binds no larger maps.
 * @throws bad-network where what a consumer reads hangs on another consumer of the same unit;
 *   limit-exceeded.
 */
export async function prepareTrials(
  device: Device,
  { unit, place, labels }: TrialProblem,
  most = AT_ONCE,
): Promise<NetworkTrials> {
  const { network, frontier } = place;
  const { graph } = network;
  const shapes = inferShapes(graph);
  const consumers = new Set(unit.consumers.map(({ node }) => node));
  const position = graph.nodes.findIndex(({ name }) => consumers.has(name));
  const names = liveMaps(graph, position);
  requireReadAtOnce(unit, graph.nodes.slice(position));
  const chunk = frontier.chunks[0];
  if (!chunk) throw new RangeError('There are no images to take a loss of.');
  const minibatch = Math.min(MINIBATCH, chunk.images);
  const images = imagesAtOnce(device, shapes, Math.min(most, unit.channels * minibatch));
  const placesIn = new Map(unit.maps.map((map) => [map.node, map.places]));
  const scope = new Scope(device);
  const owned: Disposable[] = [scope];
  const dispose = () => {
    for (const resource of owned.splice(0)) resource[DISPOSE]();
  };
  try {
    const first = { network, frontier: { ...frontier, chunks: [chunk] } };
    const before = await mapsFrom(device, first, { names, position });
    owned.push(before);
    const parts = await Promise.all(
      names.map(async (name) => {
        const shape = shapes.get(name) as MapShape;
        const { channels, height, width } = shape;
        const words = wordsOfMap(shape, 1);
        const matrix = scope.matrix(name, [images * height * width, channels]);
        const input = featureMap(matrix, { height, width });
        const from = before.chunks[0]?.maps.get(name) as GpuBuffer;
        const places = placesIn.get(name);
        if (!places) return { name, from, words, to: matrix.buffer, given: matrix.buffer };
        const output = featureMap(scope.matrix(`gated ${name}`, [matrix.rows, channels]), input);
        const gates = scope.matrix(`gates of ${name}`, [images, channels]);
        const factor = featureMap(gates, { height: 1, width: 1 });
        const run = await prepareMultiply(device, { input, factor, output });
        const given = output.matrix.buffer;
        return { name, from, words, to: matrix.buffer, given, gated: { run, gates, places } };
      }),
    );
    const segment = await prepareSegment(device, network, {
      images,
      given: names,
      wanted: [graph.output],
    });
    owned.push(segment);
    const maps = new Map(parts.map(({ name, given }) => [name, given]));
    const results = scope.buffer('losses', 2 * images);
    const asked = scope.buffer('labels', images);
    const judge = await prepareSoftmaxLoss(device, {
      logits: segment.map(graph.output).matrix,
      labels: asked,
      results,
    });
    const pass = async (picked: readonly number[], trials: readonly ImageTrial[]) => {
      const count = trials.length;
      const scale = unit.channels / (picked.length + 1);
      const commands = new Commands(device);
      upload(
        asked,
        Uint32Array.from(trials, ({ image }) => labels[image] as number),
      );
      for (const { from, to, words, gated } of parts) {
        trials.forEach(({ image }, at) => {
          commands.copy(from, to, words, { from: image * words, to: at * words });
        });
        if (!gated) continue;
        const { gates, places, run } = gated;
        uploadMatrix(gates, gatesOfTrials(gates, { places, picked, trials, scale }));
        run(commands, { images: count });
      }
      encodeSegment(commands, segment, { images: count, maps });
      judge(commands, { images: count });
      await commands.finish();
      return (await readFloats(results, 0, 2 * count)).filter((_, at) => at % 2 === 0);
    };
    return {
      images: minibatch,
      losses: async (picked, trials) => {
        const losses = new Float32Array(trials.length);
        for (let first = 0; first < trials.length; first += images) {
          losses.set(await pass(picked, trials.slice(first, first + images)), first);
        }
        return losses;
      },
      [DISPOSE]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** A row of gates a trial: the picked channels and its own pass scaled, the unit's others not at all. */
function gatesOfTrials(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  {
    places,
    picked,
    trials,
    scale,
  }: {
    readonly places: readonly (readonly number[])[];
    readonly picked: readonly number[];
    readonly trials: readonly ImageTrial[];
    readonly scale: number;
  },
): Float32Array {
  // Channels of the map that are none of the unit's stay as they are.
  const row = new Float32Array(columns).fill(1);
  for (const place of places.flat()) row[place] = 0;
  for (const channel of picked) for (const place of places[channel] ?? []) row[place] = scale;
  const gates = new Float32Array(rows * columns);
  trials.forEach(({ channel }, at) => {
    gates.set(row, at * columns);
    for (const place of places[channel] ?? []) gates[at * columns + place] = scale;
  });
  return gates;
}

/** @throws bad-network where a consumer reads what is made behind the first one. */
function requireReadAtOnce(unit: Unit, behind: readonly Node[]): void {
  const made = new Set(behind.map(({ name }) => name));
  const late = unit.consumers.find(({ input }) => made.has(input));
  if (!late) return;
  throw new EspalierError(
    'bad-network',
    `The criterion network-loss cannot cut ${unit.name}: ${late.node} reads ${late.input}, into which another consumer of the same channels goes. Cut inner units alone, or by another criterion.`,
  );
}

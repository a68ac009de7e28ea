import { EspalierError, throwIfAborted } from '../../../errors.js';
import { readFloats } from '../../../gpu/buffer.js';
import { Commands } from '../../../gpu/commands.js';
import type { Device } from '../../../gpu/device.js';
import { readMatrix, uploadMatrix } from '../../../gpu/matrix.js';
import { Scope } from '../../../gpu/scope.js';
import type { MapShape, Node } from '../../../graph/graph.js';
import { inferShapes } from '../../../graph/shapes.js';
import type { Unit } from '../../../graph/units.js';
import { featureMap } from '../../../kernels/feature-map.js';
import { prepareMultiply } from '../../../kernels/multiply.js';
import { prepareSoftmaxLoss } from '../../../kernels/softmax-loss.js';
import { imagesAtOnce } from '../../../layers/fit.js';
import { prepareSegment } from '../../../layers/segment.js';
import type { ChannelRanking } from '../../../prune/channels/criteria.js';
import { distinctDraws, randomStream } from '../../../random.js';
import { addPairs } from '../../../train/evaluation.js';
import { type Calibrated, encodeSegment, liveMaps } from './frontier.js';

/** Random unpicked channels that each pick is made among, as published. */
const CANDIDATES = 50;
/** Images of the minibatch that losses are taken of. */
const MINIBATCH = 32;
/** Images that go through the network behind the unit at once: as many candidates' minibatches. */
const AT_ONCE = 512;

export interface NetworkLossProblem {
  readonly unit: Unit;
  /** The network as cut so far, in inference form, with the images at the unit or before it. */
  readonly place: Calibrated;
  /** Of the images. */
  readonly labels: Uint32Array;
  readonly seed: number;
}

/**
 * Greedy forward selection as published (Ye et al., *Good Subnetworks Provably Exist*, ICML 2020):
 * each pick is the one among 50 random unpicked channels with which the whole network's cross-entropy
 * on a minibatch is smallest; of equals the first drawn. Each of the n channels kept is scaled by C/n.
 *
 * What lies before the consumers is computed once. Behind it candidates go through the network side
 * by side: each has its own copy of the minibatch, with its own gate on the unit's channels.
 *
 * @throws bad-network where what a consumer reads hangs on another consumer of the same unit;
 *   limit-exceeded; aborted between passes.
 */
export async function rankByNetworkLoss(
  device: Device,
  problem: NetworkLossProblem,
  signal?: AbortSignal,
): Promise<ChannelRanking> {
  const { unit, seed } = problem;
  const { channels } = unit;
  using scope = new Scope(device);
  using candidates = await prepareCandidates(device, scope, problem);
  const picked: number[] = [];
  while (picked.length < channels) {
    const open = Array.from({ length: channels }, (_, channel) => channel).filter(
      (channel) => !picked.includes(channel),
    );
    const stream = randomStream(seed, `network-loss ${unit.name} ${picked.length}`);
    const drawn = distinctDraws(stream, open.length)(Math.min(CANDIDATES, open.length));
    let [least, pick] = [Number.POSITIVE_INFINITY, open[drawn[0] as number] as number];
    for (let first = 0; first < drawn.length; first += candidates.atOnce) {
      const own = Array.from(
        drawn.subarray(first, first + candidates.atOnce),
        (at) => open[at] as number,
      );
      const losses = await candidates.losses(picked, own);
      losses.forEach((loss, at) => {
        if (loss < least) [least, pick] = [loss, own[at] as number];
      });
      throwIfAborted(signal);
    }
    picked.push(pick);
  }
  return {
    order: Uint32Array.from(picked),
    factors: (count) => new Float64Array(count).fill(channels / count),
  };
}

interface Candidates extends Disposable {
  readonly atOnce: number;
  /** Mean loss with the picked channels and each of these, at most so many as fit at once. */
  readonly losses: (picked: readonly number[], candidates: readonly number[]) => Promise<number[]>;
}

async function prepareCandidates(
  device: Device,
  scope: Scope,
  { unit, place: { network, frontier }, labels }: NetworkLossProblem,
): Promise<Candidates> {
  const { graph } = network;
  const shapes = inferShapes(graph);
  const consumers = new Set(unit.consumers.map(({ node }) => node));
  const position = graph.nodes.findIndex(({ name }) => consumers.has(name));
  const names = liveMaps(graph, position);
  const positions = new Map(unit.maps.map((map) => [map.node, map.positions]));
  requireReadAtOnce(unit, graph.nodes.slice(position));
  const chunk = frontier.chunks[0];
  if (!chunk) throw new RangeError('There are no images to take a loss of.');
  const minibatch = Math.min(MINIBATCH, chunk.images);
  const fitting = Math.floor(imagesAtOnce(device, shapes, AT_ONCE) / minibatch);
  const atOnce = Math.max(1, Math.min(CANDIDATES, unit.channels, fitting));
  const images = atOnce * minibatch;
  const before = await mapsBefore(device, { network, frontier }, names);
  const parts = await Promise.all(
    names.map(async (name) => {
      const { channels, height, width } = shapes.get(name) as MapShape;
      const size = minibatch * height * width * channels;
      const own = (before.get(name) as Float32Array).subarray(0, size);
      const data = new Float32Array(atOnce * size);
      for (let copy = 0; copy < atOnce; copy++) data.set(own, copy * size);
      const matrix = scope.matrix(name, [images * height * width, channels], { data });
      const input = featureMap(matrix, { height, width });
      const places = positions.get(name);
      if (!places) return { name, buffer: matrix.buffer };
      const output = featureMap(scope.matrix(`gated ${name}`, [matrix.rows, channels]), input);
      const gates = scope.matrix(`gates of ${name}`, [images, channels]);
      const factor = featureMap(gates, { height: 1, width: 1 });
      const run = await prepareMultiply(device, { input, factor, output });
      return { name, buffer: output.matrix.buffer, gated: { run, gates, places } };
    }),
  );
  const segment = await prepareSegment(device, network, {
    images,
    given: names,
    wanted: [graph.output],
  });
  const maps = new Map(parts.map(({ name, buffer }) => [name, buffer]));
  const results = scope.buffer('losses', 2 * images);
  const judge = await prepareSoftmaxLoss(device, {
    logits: segment.map(graph.output).matrix,
    labels: scope.bufferFrom(
      'labels',
      Uint32Array.from({ length: images }, (_, image) => labels[image % minibatch] as number),
    ),
    results,
  });
  return {
    atOnce,
    losses: async (picked, candidates) => {
      const scale = unit.channels / (picked.length + 1);
      const count = candidates.length * minibatch;
      const commands = new Commands(device);
      for (const { gated } of parts) {
        if (!gated) continue;
        const { columns } = gated.gates;
        // Channels of the map that are none of the unit's stay as they are.
        const row = new Float32Array(columns).fill(1);
        for (const place of gated.places.flat()) row[place] = 0;
        for (const channel of picked)
          for (const place of gated.places[channel] ?? []) row[place] = scale;
        const data = new Float32Array(images * columns);
        for (let image = 0; image < count; image++) {
          data.set(row, image * columns);
          const candidate = candidates[Math.floor(image / minibatch)] as number;
          for (const place of gated.places[candidate] ?? []) data[image * columns + place] = scale;
        }
        uploadMatrix(gated.gates, data);
        gated.run(commands, { images: count });
      }
      encodeSegment(commands, segment, { images: count, maps });
      judge(commands, { images: count });
      await commands.finish();
      const pairs = await readFloats(results, 0, 2 * count);
      return candidates.map((_, at) => {
        const own = pairs.subarray(2 * at * minibatch, 2 * (at + 1) * minibatch);
        return addPairs(own).loss / minibatch;
      });
    },
    [Symbol.dispose]: () => segment.dispose(),
  };
}

/** The maps that are read behind the unit's writers, of the first images. */
async function mapsBefore(
  device: Device,
  { network, frontier }: Calibrated,
  names: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const [chunk] = frontier.chunks;
  using segment = await prepareSegment(device, network, {
    images: chunk?.images ?? 1,
    given: frontier.names,
    wanted: names,
  });
  const commands = new Commands(device);
  if (chunk) encodeSegment(commands, segment, chunk);
  await commands.finish();
  const maps = new Map<string, Float32Array>();
  for (const name of names) maps.set(name, await readMatrix(segment.map(name).matrix));
  return maps;
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

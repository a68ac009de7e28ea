import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { foldBatchNorms } from '../graph/fold.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network } from '../graph/weights.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { livesInInference } from './lifetimes.js';
import { bytesOfMaps } from './maps.js';
import { prepareSegment } from './segment.js';
import { fuseSteps } from './steps.js';

/** A network made ready to answer. Its maps and weights live until `dispose`. */
export interface Inference extends Disposable {
  /** Images that it answers at once. */
  readonly images: number;
  /** Where the images go. */
  readonly input: FeatureMap;
  /** The answers, a row an image: of a classifier, its logits. */
  readonly output: FeatureMap;
  /** A map that was to be kept, by its node's name. */
  readonly map: (name: string) => FeatureMap;
  /** Encodes the answers to the first `images` images of the input. */
  readonly encode: (commands: Commands, images: number) => void;
  readonly dispose: () => void;
}

export interface InferenceOptions {
  /** Images at once, fewer where the adapter binds no larger maps. */
  readonly images: number;
  /** Nodes whose maps are wanted besides the answers. */
  readonly kept?: readonly string[];
}

/**
 * Makes a network ready to answer: batch norms folded into the convolutions before them, what can
 * be done in one kernel done in one, and two or three maps' worth of memory for all of its maps.
 *
 * @throws limit-exceeded, before anything is allocated, for a map of one image or parameters that the
 *   adapter cannot bind; bad-network.
 */
export async function prepareInference(
  device: Device,
  network: Network,
  { images, kept = [] }: InferenceOptions,
): Promise<Inference> {
  const folded = foldBatchNorms(network);
  const { input, output } = folded.graph;
  const given = [input.name];
  const segment = await prepareSegment(device, folded, {
    images,
    given,
    wanted: [output, ...kept],
  });
  return { ...segment, input: segment.map(input.name), output: segment.map(output) };
}

/** Bytes of all maps of an inference of so many images. */
export function inferenceBytes({ graph }: Network, images: number): number {
  const shapes = inferShapes(graph);
  const plan = fuseSteps(graph, shapes);
  return bytesOfMaps(
    livesInInference(plan, shapes, { given: [graph.input.name], images, kept: [] }),
  );
}

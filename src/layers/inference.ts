import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import { foldBatchNorms } from '../graph/fold.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network } from '../graph/weights.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { imagesAtOnce } from './fit.js';
import { livesInInference } from './lifetimes.js';
import { allocateMaps, bytesOfMaps, mapNamed } from './maps.js';
import { uploadParameters } from './parameters.js';
import { prepareLayer } from './prepare.js';
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
 * @throws limit-exceeded before anything is allocated that is too large; bad-network.
 */
export async function prepareInference(
  device: Device,
  network: Network,
  { images: wanted, kept = [] }: InferenceOptions,
): Promise<Inference> {
  const { graph, weights } = foldBatchNorms(network);
  const shapes = inferShapes(graph);
  const plan = fuseSteps(graph, shapes);
  const images = imagesAtOnce(device, shapes, wanted);
  const scope = new Scope(device);
  try {
    const input = graph.input.name;
    const lifetimes = livesInInference(plan, shapes, { input, images, kept });
    const maps = allocateMaps(scope, shapes, { lifetimes, images, label: 'feature maps' });
    const map = (name: string) => mapNamed(maps, name);
    const parameters = uploadParameters(scope, plan.steps, shapes, { weights });
    const context = { device, scope, shapes, parameters, map };
    const layers = await Promise.all(plan.steps.map((step) => prepareLayer(context, step)));
    return {
      images,
      input: map(input),
      output: map(plan.output),
      map,
      encode: (commands, count) => {
        for (const { forward } of layers) forward(commands, count);
      },
      dispose: () => scope.dispose(),
      [Symbol.dispose]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** Bytes of all maps of an inference of so many images. */
export function inferenceBytes({ graph }: Network, images: number): number {
  const shapes = inferShapes(graph);
  const plan = fuseSteps(graph, shapes);
  return bytesOfMaps(livesInInference(plan, shapes, { input: graph.input.name, images, kept: [] }));
}

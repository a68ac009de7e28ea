import { DISPOSE } from '../disposal.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { Scope } from '../gpu/scope.js';
import type { Graph, Node } from '../graph/graph.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network } from '../graph/weights.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { imagesAtOnce } from './fit.js';
import { livesInInference } from './lifetimes.js';
import { allocateMaps, mapNamed } from './maps.js';
import { requireParameters, uploadParameters } from './parameters.js';
import { prepareLayer } from './prepare.js';
import { fuseSteps } from './steps.js';

/** A part of a network made ready: from maps that are given to maps that are wanted. */
export interface Segment extends Disposable {
  /** Images that it takes at once. */
  readonly images: number;
  /** A map that is given, to be filled, or one that is wanted, by its node's name. */
  readonly map: (name: string) => FeatureMap;
  /** Encodes the wanted maps of the first `images` images of the given ones. */
  readonly encode: (commands: Commands, images: number) => void;
  readonly dispose: () => void;
}

export interface SegmentOptions {
  /** Images at once, fewer where the adapter binds no larger maps. */
  readonly images: number;
  /** Nodes whose maps are given, or the graph's input. */
  readonly given: readonly string[];
  /** Nodes whose maps are wanted; one at least. */
  readonly wanted: readonly string[];
}

/**
 * Makes the part of a network ready that leads from some maps to others, whatever lies between: its
 * maps and weights live until `dispose`. What can be done in one kernel is done in one.
 *
 * @param network in inference form (`foldBatchNorms`).
 * @throws limit-exceeded, before anything is allocated, for a map of one image or parameters that the
 *   adapter cannot bind; bad-network; RangeError when the wanted maps need others than the given ones.
 */
export async function prepareSegment(
  device: Device,
  { graph, weights }: Network,
  { images: most, given, wanted }: SegmentOptions,
): Promise<Segment> {
  const shapes = inferShapes(graph);
  const part = { nodes: nodesBetween(graph, given, wanted), output: wanted[0] as string };
  const plan = fuseSteps(part, shapes, { kept: wanted });
  const source = (name: string) => plan.flattened.get(name) ?? name;
  const images = imagesAtOnce(device, shapes, most);
  requireParameters(device, plan.steps, shapes);
  const scope = new Scope(device);
  try {
    const kept = wanted.map(source);
    const lifetimes = livesInInference(plan, shapes, { given, images, kept });
    const maps = allocateMaps(scope, shapes, { lifetimes, images, label: 'feature maps' });
    const map = (name: string) => mapNamed(maps, source(name));
    const parameters = uploadParameters(scope, plan.steps, shapes, { weights });
    const context = { device, scope, shapes, parameters, map };
    const layers = await Promise.all(plan.steps.map((step) => prepareLayer(context, step)));
    return {
      images,
      map,
      encode: (commands, count) => {
        for (const { forward } of layers) forward(commands, count);
      },
      dispose: () => scope.dispose(),
      [DISPOSE]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** The nodes that lie between given maps and wanted ones, in the graph's order. */
function nodesBetween(
  { nodes, input }: Graph,
  given: readonly string[],
  wanted: readonly string[],
): readonly Node[] {
  const needed = new Set(wanted.filter((name) => !given.includes(name)));
  const between = nodes.toReversed().filter((node) => {
    if (!needed.has(node.name)) return false;
    for (const name of node.inputs) if (!given.includes(name)) needed.add(name);
    return true;
  });
  if (needed.has(input.name)) {
    throw new RangeError(`${wanted.join(', ')} cannot be had from ${given.join(', ')} alone.`);
  }
  return between.reverse();
}

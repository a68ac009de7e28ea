import { DISPOSE } from '../disposal.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import type { Matrix } from '../gpu/matrix.js';
import { Scope } from '../gpu/scope.js';
import { inferShapes } from '../graph/shapes.js';
import type { Network, Weight, Weights } from '../graph/weights.js';
import type { FeatureMap } from '../kernels/feature-map.js';
import { prepareSgdUpdate, type SgdStep } from '../kernels/sgd-update.js';
import { requireMinibatch } from './fit.js';
import type { Gradients } from './layer.js';
import { firstShares, livesInTraining, livesOfGradients } from './lifetimes.js';
import { allocateMaps, mapNamed } from './maps.js';
import { type Parameters, requireParameters, uploadParameters } from './parameters.js';
import { prepareLayer } from './prepare.js';
import { fuseSteps } from './steps.js';

/** A network made ready to learn. Its maps, gradients and parameters live until `dispose`. */
export interface NetworkTraining extends Disposable {
  readonly input: FeatureMap;
  /** The answers, and where a loss puts its gradient by them. */
  readonly output: FeatureMap;
  readonly outputGradient: FeatureMap;
  /** A map by its node's name, and its gradient where that was to be kept. */
  readonly map: (name: string) => FeatureMap;
  readonly gradient: (name: string) => FeatureMap;
  /** Encodes the answers; batch norms take mean and variance of the minibatch, and note them. */
  readonly forward: (commands: Commands, images: number) => void;
  /** Encodes the gradients of all parameters from that of the answers. */
  readonly backward: (commands: Commands, images: number) => void;
  /** Encodes a step of all parameters along their gradients. */
  readonly update: (commands: Commands, step: SgdStep) => void;
  /** Waits for the GPU and copies the parameters, batch norms' running statistics included. */
  readonly readWeights: () => Promise<Weights>;
  /** The same of what momentum has accumulated, by the parameters' names. */
  readonly readVelocities: () => Promise<Weights>;
  /** The gradients of the last minibatch, by the parameters' names. */
  readonly readGradients: () => Promise<Weights>;
  readonly dispose: () => void;
}

export interface TrainingPreparation {
  /** Images of a minibatch at most. */
  readonly images: number;
  readonly nesterov?: boolean;
  /** Whether weights of filters that are zero stay zero: pruned ones. */
  readonly keepZeros?: boolean;
  /** What momentum has accumulated, where a training goes on. */
  readonly velocities?: Weights;
  /** Nodes whose maps' gradients are wanted: they live to the end of the way back. */
  readonly kept?: readonly string[];
}

/**
 * Makes a network ready to learn by minibatches. Every map is kept until its gradient is known;
 * gradients take turns in few buffers.
 *
 * @throws limit-exceeded, before anything is allocated, for a minibatch or parameters that the adapter
 *   cannot bind; bad-network.
 */
export async function prepareTraining(
  device: Device,
  { graph, weights }: Network,
  { images, nesterov = false, keepZeros = false, velocities, kept = [] }: TrainingPreparation,
): Promise<NetworkTraining> {
  const shapes = inferShapes(graph);
  const plan = fuseSteps(graph, shapes, { purpose: 'training' });
  requireMinibatch(device, shapes, images);
  requireParameters(device, plan.steps, shapes);
  const scope = new Scope(device);
  try {
    const lifetimes = livesInTraining(plan, shapes, { input: graph.input.name, images });
    const maps = allocateMaps(scope, shapes, { lifetimes, images, label: 'feature maps' });
    const lives = livesOfGradients(plan, shapes, { images, kept });
    const slopes = allocateMaps(scope, shapes, { lifetimes: lives, images, label: 'gradients' });
    const first = firstShares(plan);
    const gradients: Gradients = {
      from: (output) => mapNamed(slopes, output),
      into: (step, input) => {
        const map = slopes.get(input);
        return map && { map, accumulate: !first.has(`${step} ${input}`) };
      },
    };
    const parameters = uploadParameters(scope, plan.steps, shapes, {
      weights,
      trained: true,
      ...(velocities && { velocities }),
    });
    const map = (name: string) => mapNamed(maps, name);
    const context = { device, scope, shapes, parameters, map, gradients };
    const layers = await Promise.all(plan.steps.map((step) => prepareLayer(context, step)));
    const updates = await Promise.all(
      [...parameters.values()].flatMap(({ value, gradient, velocity, kind }) => {
        if (!gradient) return [];
        const own = { parameters: value, gradient, velocity, nesterov };
        return prepareSgdUpdate(device, { ...own, keepZeros: keepZeros && kind === 'filter' });
      }),
    );
    const backwards = [...layers].reverse();
    const read = async (choose: (parameters: Parameters) => Matrix | undefined) => {
      const tensors: (readonly [string, Weight])[] = [];
      for (const own of parameters.values()) {
        const matrix = choose(own);
        if (matrix) tensors.push(...(await own.read(matrix)));
      }
      return new Map(tensors);
    };
    return {
      input: map(graph.input.name),
      output: map(plan.output),
      outputGradient: mapNamed(slopes, plan.output),
      map,
      gradient: (name) => mapNamed(slopes, name),
      forward: (commands, count) => {
        for (const { forward } of layers) forward(commands, count);
      },
      backward: (commands, count) => {
        for (const { backward } of backwards) backward?.(commands, count);
      },
      update: (commands, step) => {
        for (const update of updates) update(commands, step);
      },
      readWeights: () => read(({ value }) => value),
      readVelocities: () => read(({ velocity }) => velocity),
      readGradients: () => read(({ gradient }) => gradient),
      dispose: () => scope.dispose(),
      [DISPOSE]: () => scope.dispose(),
    };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

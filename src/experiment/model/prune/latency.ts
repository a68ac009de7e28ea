import { throwIfAborted } from '../../../errors.js';
import type { Device } from '../../../gpu/device.js';
import { timeGpu } from '../../../gpu/timing.js';
import { cutGraph } from '../../../graph/cut.js';
import type { Graph, MapShape } from '../../../graph/graph.js';
import { listParameters } from '../../../graph/parameters.js';
import { inferShapes, type Shapes } from '../../../graph/shapes.js';
import type { Unit } from '../../../graph/units.js';
import type { Weight } from '../../../graph/weights.js';
import { prepareSegment } from '../../../layers/segment.js';
import { fuseSteps, type Step } from '../../../layers/steps.js';
import type { PruneEvent } from './events.js';

/** Images that are answered at once while layers are timed. */
const TIMED_IMAGES = 32;
/** Shares of a unit's channels at which layers are timed; the first stands for a single channel. */
const LEVELS = [0, 1 / 4, 1 / 2, 3 / 4, 1];
/** Runs that are timed, of which the shortest counts: noise only ever adds. */
const SAMPLES = 5;
/** Runs in one pass on hardware, where one is over before a clock notices. */
const REPETITIONS = { hardware: 16, software: 1 } as const;

/** Milliseconds an image of a network with so many channels of each unit kept. */
export type LatencyOfKept = (kept: readonly number[]) => number;

/**
 * Times every layer of a network on this adapter at five numbers of each unit's channels that it
 * reads or writes, and adds up what lies between by linear interpolation. A layer that more than two
 * units go into is timed with all of them cut to the same share.
 *
 * Times are kept where kernels' configurations are, in the device's tuning: a layer of the same kind
 * and size is timed once on an adapter.
 *
 * @param graph in inference form, and its units.
 * @throws limit-exceeded; aborted between layers.
 */
export async function* measureLatency(
  device: Device,
  { graph, units }: { readonly graph: Graph; readonly units: readonly Unit[] },
  signal?: AbortSignal,
): AsyncGenerator<PruneEvent, LatencyOfKept> {
  const { steps } = fuseSteps(graph, inferShapes(graph));
  const known = device.tuning ?? new Map<string, string>();
  const layers: LatencyOfKept[] = [];
  for (const [done, step] of steps.entries()) {
    yield { type: 'progress', phase: 'timing', unit: step.output, share: done / steps.length };
    const axes = axesOfStep(step, units);
    const times = new Float64Array(LEVELS.length ** axes.length);
    for (const place of times.keys()) {
      const counts = countsAt(units, axes, place);
      times[place] = await timeStep(device, known, { step, cut: cutTo(graph, units, counts) });
      throwIfAborted(signal);
    }
    layers.push(interpolated(units, axes, times));
  }
  return (kept) => layers.reduce((sum, layer) => sum + layer(kept), 0);
}

/** Units whose channels go together in a table of times. */
type Axis = readonly number[];

/** One axis a unit, of one or two; one for all, of more. */
function axesOfStep({ inputs, output }: Step, units: readonly Unit[]): readonly Axis[] {
  const touched = [...units.keys()].filter((unit) =>
    units[unit]?.maps.some(({ node }) => node === output || inputs.includes(node)),
  );
  return touched.length > 2 ? [touched] : touched.map((unit) => [unit]);
}

function countAt(channels: number, level: number): number {
  return Math.max(1, Math.round((LEVELS[level] ?? 1) * channels));
}

/** Channels of each unit at a place of a table; those beside its axes are whole. */
function countsAt(units: readonly Unit[], axes: readonly Axis[], place: number): number[] {
  const counts = units.map(({ channels }) => channels);
  axes.forEach((axis, at) => {
    const level = Math.floor(place / LEVELS.length ** at) % LEVELS.length;
    for (const unit of axis) counts[unit] = countAt(counts[unit] as number, level);
  });
  return counts;
}

function cutTo(graph: Graph, units: readonly Unit[], counts: readonly number[]): Graph {
  const cuts = units.flatMap((unit, at) => {
    const count = counts[at] as number;
    const kept = Array.from({ length: count }, (_, channel) => channel);
    return count < unit.channels ? [{ unit, kept }] : [];
  });
  return cutGraph(graph, cuts).graph;
}

/** A function of the channels kept, linear along each axis between the levels. */
function interpolated(
  units: readonly Unit[],
  axes: readonly Axis[],
  times: Float64Array,
): LatencyOfKept {
  const positions = units.map(({ channels }) =>
    Float64Array.from({ length: channels + 1 }, (_, count) => levelOfCount(channels, count)),
  );
  const corners = Array.from({ length: 2 ** axes.length }, (_, corner) =>
    axes.map((_axis, at) => (corner >> at) & 1),
  );
  return (kept) => {
    const levels = axes.map((axis) => {
      const sum = axis.reduce(
        (all, unit) => all + (positions[unit]?.[kept[unit] as number] as number),
        0,
      );
      return sum / axis.length;
    });
    let time = 0;
    for (const corner of corners) {
      let [weight, place] = [1, 0];
      levels.forEach((level, at) => {
        const low = Math.min(Math.floor(level), LEVELS.length - 2);
        const step = corner[at] as number;
        weight *= step === 1 ? level - low : 1 - (level - low);
        place += (low + step) * LEVELS.length ** at;
      });
      time += weight * (times[place] as number);
    }
    return time;
  };
}

/** Where between the levels a number of channels lies, from 0 to the last. */
function levelOfCount(channels: number, count: number): number {
  const counts = LEVELS.map((_, level) => countAt(channels, level));
  const low = counts.findLastIndex((own) => own <= Math.max(1, count));
  const [below, above] = [counts[low] as number, counts[low + 1]];
  return above === undefined ? low : low + (Math.max(1, count) - below) / (above - below);
}

/** Milliseconds an image of one layer of a graph. */
async function timeStep(
  device: Device,
  known: Map<string, string>,
  { step, cut }: { readonly step: Step; readonly cut: Graph },
): Promise<number> {
  const shapes = inferShapes(cut);
  const key = `${device.adapter.name}: milliseconds of ${nameOfStep(step, cut, shapes)}`;
  const before = Number(known.get(key));
  if (before > 0) return before;
  // What a weight is takes no part in how long it takes.
  const weights = new Map(
    listParameters(cut, shapes)
      .filter(({ node }) => node === step.node.name)
      .map(({ name, shape }): [string, Weight] => {
        const length = shape.reduce((product, size) => product * size, 1);
        return [name, { shape, data: new Float32Array(length) }];
      }),
  );
  const part = { given: [...new Set(step.inputs)], wanted: [step.output] };
  using segment = await prepareSegment(
    device,
    { graph: cut, weights },
    { images: TIMED_IMAGES, ...part },
  );
  const { samples } = await timeGpu(
    device,
    (commands) => segment.encode(commands, segment.images),
    {
      samples: SAMPLES,
      repetitions: REPETITIONS[device.adapter.kind],
    },
  );
  const time = (samples[0] as number) / segment.images;
  known.set(key, String(time));
  return time;
}

/** What a layer's time hangs on: layers of the same name take the same time. */
function nameOfStep({ node, inputs, output, ...fused }: Step, cut: Graph, shapes: Shapes): string {
  const own = cut.nodes.find(({ name }) => name === node.name) ?? node;
  const { name: _, inputs: _reads, ...kind } = own;
  const named = new Set(['weight', 'bias', 'mean', 'variance']);
  const sizes = [...inputs, output].map((name) => sizeText(shapes.get(name)));
  const details = Object.entries({ ...kind, ...fused, residual: fused.residual !== undefined })
    .map(([key, value]) => `${key} ${named.has(key) ? 'yes' : JSON.stringify(value)}`)
    .join(', ');
  return `${sizes.join(' → ')} (${details})`;
}

function sizeText(shape: MapShape | undefined): string {
  return shape ? `${shape.channels} × ${shape.height} × ${shape.width}` : '';
}

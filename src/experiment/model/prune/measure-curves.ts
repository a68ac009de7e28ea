import { inferShapes } from '../../../graph/shapes.js';
import { answersFrom } from './answers.js';
import { countsOfCurve, measureCurve } from './curve.js';
import { unitOfNetwork } from './cut-unit.js';
import type { PruneEvent, UnitCurve } from './events.js';
import type { Calibrated } from './frontier.js';
import { measureUnit, type UnitMeasurement } from './measure-unit.js';
import { type Pruning, rankUnit, sampledPositions, startWalk } from './pruning.js';

/** Calibration images by which the curves are measured at most: their mean settles soon. */
const CURVE_IMAGES = 128;

/** The curve of each unit, the others whole. */
export async function* measureCurves(
  pruning: Pruning,
  known: readonly UnitCurve[],
): AsyncGenerator<PruneEvent, readonly UnitCurve[]> {
  const { device, folded, units, signal } = pruning;
  const curves = new Map(known.map((curve) => [curve.unit, curve]));
  const inOrder = () => units.map(({ name }) => curves.get(name) as UnitCurve);
  if (units.every(({ name }) => curves.has(name))) return inOrder();
  using walk = await startWalk(pruning);
  const answers = await answersForCurves(pruning, walk.at(folded));
  for (const [done, { name }] of units.entries()) {
    if (curves.has(name)) continue;
    yield { type: 'progress', phase: 'curves', unit: name, share: done / units.length };
    const cut = await walk.to(folded, name);
    const measurements = await measureUnit(device, {
      unit: unitOfNetwork(folded, name),
      cut,
      sampled: sampledPositions(pruning),
      signal,
    });
    const curve = await curveOfUnit(pruning, { unit: name, place: cut, measurements, answers });
    curves.set(name, curve);
    yield { type: 'curve', ...curve };
  }
  return inOrder();
}

/** The dense network's logits for the images that curves are measured by. */
export function answersForCurves(
  { device, input: { calibration } }: Pruning,
  start: Calibrated,
): Promise<Float32Array> {
  return answersFrom(device, start, Math.min(CURVE_IMAGES, calibration.count));
}

/** A unit of the dense network, its images and its statistics there. */
export interface DenseUnit {
  readonly unit: string;
  readonly place: Calibrated;
  readonly measurements: readonly UnitMeasurement[];
  /** What `answersForCurves` gave. */
  readonly answers: Float32Array;
}

/** How far the answers move when this unit alone is cut as was asked for. */
export async function curveOfUnit(
  pruning: Pruning,
  { unit, place, measurements, answers }: DenseUnit,
): Promise<UnitCurve> {
  const { device, dense, folded, options, signal } = pruning;
  const ranking = await rankUnit(pruning, {
    unit,
    network: dense,
    measurements,
    count: Math.max(1, ...countsOfCurve(unitOfNetwork(dense, unit).channels)),
    place: async () => place,
  });
  const { refit } = options;
  const { frontier } = place;
  const request = { network: folded, unit, measurements, ranking, refit, frontier, answers };
  return measureCurve(device, { ...request, classes: classesOfNetwork(place), signal });
}

function classesOfNetwork({ network: { graph } }: Calibrated): number {
  return inferShapes(graph).get(graph.output)?.channels ?? 1;
}

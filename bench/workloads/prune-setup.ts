import { measureCurve } from '../../src/experiment/model/prune/curve.js';
import type { UnitCurve } from '../../src/experiment/model/prune/events.js';
import type { Calibrated } from '../../src/experiment/model/prune/frontier.js';
import type { UnitMeasurement } from '../../src/experiment/model/prune/measure-unit.js';
import type { Pruning } from '../../src/experiment/model/prune/pruning.js';
import type { UnitCut } from '../../src/graph/cut.js';
import type { Unit } from '../../src/graph/units.js';

/** A unit of the dense network, and what the phases before have found of it. */
export interface PreparedUnit {
  readonly unit: Unit;
  readonly place: Calibrated;
  readonly measurements: readonly UnitMeasurement[];
  /** All channels, the first kept first. */
  readonly order: Uint32Array;
}

/** What every phase of a pruning begins with. */
export interface PruneSetup {
  readonly pruning: Pruning;
  /** The dense logits for the pictures that curves are measured by [pictures × classes]. */
  readonly answers: Float32Array;
  readonly classes: number;
  readonly units: readonly PreparedUnit[];
}

/** How far the answers for the first pictures move when this unit alone is cut. */
export function curveOfUnit(
  { pruning: { device, folded, signal }, classes }: PruneSetup,
  { unit, place, measurements, order }: PreparedUnit,
  answers: Float32Array,
): Promise<UnitCurve> {
  return measureCurve(device, {
    network: folded,
    unit: unit.name,
    measurements,
    ranking: { order },
    refit: 'weights',
    frontier: place.frontier,
    answers,
    classes,
    signal,
  });
}

/** The unit cut to the better half of its channels. */
export function halfOfUnit({ unit, order }: PreparedUnit): UnitCut {
  return { unit, kept: [...order.subarray(0, Math.ceil(order.length / 2))] };
}

import { DISPOSE } from '../../../disposal.js';
import { inferShapes } from '../../../graph/shapes.js';
import { readingsOfUnit } from '../prune/consumers.js';
import { unitOfNetwork } from '../prune/cut-unit.js';
import { type Calibrated, type Frontier, mapsFrom } from '../prune/frontier.js';
import { answersForCurves, curveOfUnit } from '../prune/measure-curves.js';
import { measureUnit, type UnitMeasurement } from '../prune/measure-unit.js';
import { type Pruning, startWalk } from '../prune/pruning.js';
import type { CompareModelEvent, PruningWay, WayCurve } from './events.js';

/** What all cells of a comparison need of the dense network, computed once. */
export interface DenseSide extends Disposable {
  /** What the unit's consumers should give, for all calibration images. */
  readonly at: (unit: string) => Promise<Calibrated>;
  /** The statistics of a unit before which nothing is cut. */
  readonly untouched: (unit: string) => readonly UnitMeasurement[];
  readonly curves: readonly WayCurve[];
}

/**
 * Walks once through the dense network and keeps, of every unit, its statistics, what its consumers
 * should give, and its curve in each of the ways.
 *
 * @param known curves that need not be measured.
 * @throws bad-data, limit-exceeded, aborted as a pruning does.
 */
export async function* measureDense(
  pruning: Pruning,
  ways: readonly PruningWay[],
  known: readonly WayCurve[],
): AsyncGenerator<CompareModelEvent, DenseSide> {
  const { device, folded, units, options, signal } = pruning;
  const shapes = inferShapes(folded.graph);
  const targets = new Map<string, Frontier>();
  const statistics = new Map<string, readonly UnitMeasurement[]>();
  const curves = [...known];
  const dispose = () => {
    for (const frontier of targets.values()) frontier[DISPOSE]();
  };
  let whole = false;
  try {
    using walk = await startWalk(pruning);
    const answers = ways.length > 0 ? await answersForCurves(pruning, walk.at(folded)) : undefined;
    for (const [done, { name }] of units.entries()) {
      yield { type: 'progress', phase: 'dense', what: name, share: done / units.length };
      const unit = unitOfNetwork(folded, name);
      const place = await walk.to(folded, name);
      const measurements = await measureUnit(device, { unit, cut: place, signal });
      statistics.set(name, measurements);
      const names = readingsOfUnit(folded.graph, shapes, unit).map(({ target }) => target);
      const { position } = place.frontier;
      const request = { names: [...new Set(names)], position, signal };
      targets.set(name, await mapsFrom(device, place, request));
      for (const way of ways) {
        if (!answers || curves.some((curve) => curve.unit === name && isSameWay(curve, way)))
          continue;
        const own = { ...pruning, options: { ...options, ...way } };
        const curve = await curveOfUnit(own, { unit: name, place, measurements, answers });
        curves.push({ ...way, ...curve });
        yield { type: 'curve', ...way, ...curve };
      }
    }
    whole = true;
  } finally {
    if (!whole) dispose();
  }
  return {
    at: async (unit) => ({ network: folded, frontier: targets.get(unit) as Frontier }),
    untouched: (unit) => statistics.get(unit) as readonly UnitMeasurement[],
    curves,
    [DISPOSE]: dispose,
  };
}

export function isSameWay(one: PruningWay, other: PruningWay): boolean {
  return one.criterion === other.criterion && one.refit === other.refit;
}

import type { Device } from '../gpu/device.js';
import { readMatrix } from '../gpu/matrix.js';
import { outputGram } from '../prune/baselines/backward.js';
import type { SelectionProblem } from '../prune/problem.js';
import { bestInHull, guaranteedExcess, type HullOptimum, squaredDiameter } from '../theory/hull.js';

/** More neurons than this make the float64 work on the CPU longer than the selection itself. */
const MOST_NEURONS = 2048;

/** The theory beside a selection by the squared loss. */
export interface Guarantee {
  /** The best loss in the convex hull of the neurons' outputs. */
  readonly hull: HullOptimum;
  /** D² / m, with D the hull's diameter. */
  readonly diameter: number;
  /** Guaranteed loss after 1, 2, … k picks, for the rule `average` with replacement. */
  readonly bound: Float64Array;
}

/**
 * Works out the guarantee from the whole Gram matrix; undefined where it does not apply (another
 * loss) or N is past 2,048.
 */
export async function guaranteeOf(
  device: Device,
  problem: SelectionProblem,
  picks: number,
): Promise<Guarantee | undefined> {
  const { activations, targets, loss } = problem;
  if (loss !== 'squared' || activations.columns > MOST_NEURONS) return undefined;
  const y = await readMatrix(targets);
  const hullProblem = {
    ...(await outputGram(device, problem)),
    energy: y.reduce((sum, value) => sum + value * value, 0),
    examples: activations.rows,
  };
  const hull = bestInHull(hullProblem);
  const diameter = squaredDiameter(hullProblem);
  const excess = guaranteedExcess('average', diameter, activations.rows, picks);
  return {
    hull,
    diameter: diameter / activations.rows,
    bound: excess.map((value) => hull.loss + value),
  };
}

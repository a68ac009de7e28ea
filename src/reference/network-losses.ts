import type { LossKind } from '../../shaders/point-loss.js';
import { exactly, total, valuesWithBounds } from './approx.js';
import type { Bounded } from './bound.js';
import type { Element } from './element.js';
import { pointLossReference } from './point-loss.js';

export interface NetworkLossesProblem {
  readonly m: number;
  readonly networks: number;
  /** C. */
  readonly outputs: number;
  readonly loss: LossKind;
  /** Networks' outputs side by side [m × (networks · C)]. */
  readonly values: Element;
  /** Y [m × C]. */
  readonly targets: Element;
}

/** Σ_j loss(f_j, y_j) of each network in float64, with the error bound of a float32 kernel. */
export function networkLossesReference(problem: NetworkLossesProblem): Bounded {
  const { m, networks, outputs, loss, values, targets } = problem;
  const channels = Array.from({ length: outputs }, (_, c) => c);
  return valuesWithBounds(
    Array.from({ length: networks }, (_, network) =>
      total(
        Array.from({ length: m }, (_, j) =>
          pointLossReference(
            loss,
            channels.map((c) => exactly(values(j, network * outputs + c))),
            channels.map((c) => targets(j, c)),
          ),
        ),
      ),
    ),
  );
}

import { cutUnit } from '../../src/experiment/model/prune/cut-unit.js';
import type { PruneSummary, UnitCurve } from '../../src/experiment/model/prune/events.js';
import { foldBatchNorms } from '../../src/graph/fold.js';
import { summarise } from '../../src/graph/summary.js';
import type { Network, Weight } from '../../src/graph/weights.js';
import { referenceAnswers } from '../../src/reference/network.js';
import { curveOfUnit, halfOfUnit, type PreparedUnit, type PruneSetup } from './prune-setup.js';
import { referencePictures } from './random-pictures.js';

// How the networks that a pruning leaves are judged by their answers before it is timed.

/** Float64 answers so many pictures; each is answered by itself. */
const CHECKED_PICTURES = 2;
/** Share of the largest logit by which one in float32 may be off. */
const LOGIT_TOLERANCE = 1e-4;

/**
 * The largest divergence of all curves, measured by the first pictures alone, against float64. With p, q
 * the answers, Σ p ln(p/q) moves by 2δ (1 + max |ln(p/q)|) at most where every logit moves by δ.
 *
 * @throws when it is off by more, or a curve is not finite.
 */
export async function requireDivergence(
  setup: PruneSetup,
  curves: readonly UnitCurve[],
): Promise<string> {
  const { pruning, answers, classes, units } = setup;
  const points = curves.flatMap(({ divergence }, at) =>
    divergence.map((value, level) => ({ value, level, own: units[at] as PreparedUnit })),
  );
  if (!points.every(({ value }) => Number.isFinite(value))) {
    throw new Error('a divergence is not a number');
  }
  const { level, own } = points.reduce((one, other) => (other.value > one.value ? other : one));
  const few = answers.subarray(0, CHECKED_PICTURES * classes);
  const { kept, divergence } = await curveOfUnit(setup, own, few);
  const [count = 1, found = Number.NaN] = [kept[level], divergence[level]];
  const { network } = cutUnit(pruning.dense, {
    unit: own.unit.name,
    measurements: own.measurements,
    ranking: { order: own.order },
    count,
    refit: 'weights',
  });
  const pictures = referencePictures(pruning.input, CHECKED_PICTURES);
  const dense = referenceAnswers(pruning.folded, pictures);
  const cut = referenceAnswers(foldBatchNorms(network), pictures);
  const expected = divergenceOfLogits(dense, cut, classes);
  const largest = Math.max(...[...dense, ...cut].map(Math.abs));
  const apart = Math.max(...dense.map((logit, at) => Math.abs(logit - (cut[at] ?? Number.NaN))));
  // |ln(p/q)| is at most twice as much as the logits are apart.
  const tolerance = 2 * LOGIT_TOLERANCE * largest * (1 + 2 * apart);
  if (Math.abs(found - expected) <= tolerance) {
    return `the divergence of ${own.unit.name} with ${count} channels is ${expected.toPrecision(3)} ± ${tolerance.toPrecision(1)}`;
  }
  throw new Error(`a divergence of ${found}, where float64 has ${expected} ± ${tolerance}`);
}

/** Σ p ln(p/q) of the softmaxes p and q of two rows of logits, in the mean over the rows. */
function divergenceOfLogits(dense: Float64Array, cut: Float64Array, classes: number): number {
  const exponentials = [dense, cut].map((logits) => logits.map(Math.exp));
  const sums = exponentials.map((all) => (at: number) => {
    const first = at - (at % classes);
    return all.subarray(first, first + classes).reduce((sum, value) => sum + value, 0);
  });
  const divergence = dense.reduce((sum, _, at) => {
    const [p = 0, q = 0] = exponentials.map((all, own) => (all[at] ?? 0) / (sums[own]?.(at) ?? 0));
    return sum + p * Math.log(p / q);
  }, 0);
  return (divergence * classes) / dense.length;
}

/**
 * A cut network answers as the dense one would whose consumers do not read what is cut: in float64, to
 * the order of its sums.
 *
 * @throws when it does not.
 */
export function requireSameAnswers({ pruning, units }: PruneSetup, cut: Network): string {
  const weights = new Map<string, Weight>(pruning.folded.weights);
  for (const unit of units) {
    const { kept } = halfOfUnit(unit);
    for (const { reading } of unit.measurements) {
      const weight = weights.get(reading.weight);
      if (!weight) throw new RangeError(`There is no tensor "${reading.weight}".`);
      const gone = reading.places.flatMap((own, c) => (kept.includes(c) ? [] : own));
      const taps = reading.kernel[0] * reading.kernel[1];
      const inputs = weight.data.length / (reading.outputs * taps);
      const data = weight.data.map((value, at) =>
        gone.includes(Math.floor(at / taps) % inputs) ? 0 : value,
      );
      weights.set(reading.weight, { shape: weight.shape, data });
    }
  }
  const pictures = referencePictures(pruning.input, CHECKED_PICTURES);
  const expected = referenceAnswers({ graph: pruning.folded.graph, weights }, pictures);
  const found = referenceAnswers(cut, pictures);
  const largest = Math.max(...expected.map(Math.abs));
  expected.forEach((value, at) => {
    const logit = found[at] ?? Number.NaN;
    if (Math.abs(logit - value) <= SAME * largest) return;
    throw new Error(`logit ${at} of the cut network is ${logit}, not ${value}`);
  });
  return 'the cut network answers as one whose consumers pass over what is cut';
}

/** Share of the largest logit: sums of float64 in another order, layer after layer. */
const SAME = 1e-9;

/** A loss of nothing, from sums in float32, may come out so far below. */
const ROUNDING = 1e-3;

/**
 * The cost that is told is the network's own, counted anew, and within the budget; each unit's loss is
 * a share of what its consumers should give.
 *
 * @throws when it is not so.
 */
export function requirePruned({ pruning }: PruneSetup, summary: PruneSummary): string {
  const { budget, network, units, divergence } = summary;
  const [whole, left] = [pruning.dense, network].map(({ graph }) => summarise(graph).multiplyAdds);
  const share = (left as number) / (whole as number);
  if (Math.abs(share - budget.reached) > 1e-12 || share > (budget.asked ?? 1)) {
    throw new Error(`${share} of the multiply-adds are left, where ${budget.reached} is told`);
  }
  const lossy = units.find(({ loss }) => !(loss > -ROUNDING && loss <= 1));
  if (lossy) throw new Error(`${lossy.unit} has lost ${lossy.loss}`);
  if (!Number.isFinite(divergence)) throw new Error('the divergence is not a number');
  return `${share.toPrecision(3)} of the multiply-adds are left, within the budget`;
}

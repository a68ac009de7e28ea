import { heldPictures } from '../../../data/read-ahead.js';
import type { Device } from '../../../gpu/device.js';
import { summarise } from '../../../graph/summary.js';
import type { Network } from '../../../graph/weights.js';
import { evaluatePictures } from '../../../train/evaluation.js';
import { relayed } from '../../relay.js';
import { agreement, meanDivergence } from '../prune/answers.js';
import { drawCalibration } from '../prune/calibration.js';
import { cutUnits } from '../prune/cut-units.js';
import type { Counted, UnitCurve } from '../prune/events.js';
import { requireCutLabels } from '../prune/labels.js';
import { type Pruning, preparePruning } from '../prune/pruning.js';
import { countedCost, requireReachable, shareOfUnits } from '../prune/share.js';
import { listModelCells, nameOfCell, optionsOfCell, wayOfCurves } from './config.js';
import { type DenseSide, isSameWay, measureDense } from './dense-side.js';
import type {
  CompareModelEvent,
  CompareModelInput,
  CompareModelSummary,
  DenseFigures,
  ModelCell,
  ModelCellKey,
  PruningWay,
} from './events.js';

/**
 * Prunes one trained network by every criterion, with every refit, to every budget, and measures what
 * is left of its answers without any fine-tuning. What the cells share is computed once: the dense
 * network's answers, its units' statistics, what their consumers should give, and the curves by which
 * measured budgets are shared.
 *
 * @throws before any work bad-config when a budget cannot be met, bad-data when a criterion lacks
 *   labels; later bad-network, bad-data, limit-exceeded, aborted as `pruneNetwork` does.
 */
export async function* compareModel(
  device: Device,
  input: CompareModelInput,
  signal?: AbortSignal,
): AsyncGenerator<CompareModelEvent, CompareModelSummary> {
  const { network, preprocessing, train, test, config, from } = input;
  const wanted = listModelCells(config);
  for (const cell of wanted) {
    requireCutLabels(train, cell);
    requireReachable(network, optionsOfCell(config, cell));
  }
  const cells = new Map((from?.cells ?? []).map((cell) => [nameOfCell(cell), cell]));
  const missing = wanted.filter((cell) => !cells.has(nameOfCell(cell)));
  const calibration = await heldPictures(drawCalibration(config, train));
  const options = optionsOfCell(config, wanted[0] as ModelCellKey);
  const pruning = preparePruning(device, { network, calibration, preprocessing, options }, signal);
  const answer = (own: Network, progress: (share: number) => CompareModelEvent) =>
    relayed(evaluatePictures(device, own, test, { preprocessing, answers: true, signal }), (done) =>
      progress(done / test.count),
    );
  const whole = yield* answer(network, (share) => ({
    type: 'progress',
    phase: 'measuring',
    what: 'dense',
    share,
  }));
  const dense = figuresOfNetwork(network, whole.accuracy);
  yield { type: 'dense', ...dense };
  if (missing.length > 0) {
    using side = yield* measureDense(pruning, neededWays(config, missing), from?.curves ?? []);
    for (const [done, key] of missing.entries()) {
      const start = performance.now();
      const progress = (share: number): CompareModelEvent => ({
        type: 'progress',
        phase: 'cells',
        what: nameOfCell(key),
        share: (done + share) / missing.length,
      });
      const own = { ...pruning, options: optionsOfCell(config, key) };
      const cut = yield* cutCell(own, side, {
        of: key.of,
        curves: curvesOfCell(side, input, key),
        progress,
      });
      const found = yield* answer(cut.network, (share) => progress((1 + share) / 2));
      const [one, other] = [whole.answers, found.answers] as [Float32Array, Float32Array];
      const classes = one.length / test.count;
      const cell: ModelCell = {
        ...key,
        kept: cut.units.map(({ kept }) => kept.length),
        ...figuresOfNetwork(cut.network, found.accuracy),
        agreement: agreement(one, other, classes),
        divergence: meanDivergence(one, other, classes),
        seconds: (performance.now() - start) / 1000,
      };
      cells.set(nameOfCell(key), cell);
      yield { type: 'cell', ...cell };
    }
  }
  return {
    adapter: device.adapter,
    dense,
    units: pruning.units.map(({ name, channels }) => ({ unit: name, channels })),
    cells: wanted.map((key) => cells.get(nameOfCell(key)) as ModelCell),
    calibration: calibration.count,
    pictures: test.count,
  };
}

function figuresOfNetwork({ graph }: Network, accuracy: number | undefined): DenseFigures {
  const { multiplyAdds, parameters } = summarise(graph);
  return { multiplyAdds, parameters, ...(accuracy !== undefined && { accuracy }) };
}

/** The ways in which curves have to be measured, each once. */
function neededWays(
  config: CompareModelInput['config'],
  cells: readonly ModelCellKey[],
): readonly PruningWay[] {
  const ways: PruningWay[] = [];
  for (const cell of cells) {
    const way = wayOfCurves(config, cell);
    if (way && !ways.some((own) => isSameWay(own, way))) ways.push(way);
  }
  return ways;
}

function curvesOfCell(
  { curves }: DenseSide,
  { config }: CompareModelInput,
  cell: ModelCellKey,
): readonly UnitCurve[] {
  const way = wayOfCurves(config, cell);
  return way ? curves.filter((curve) => isSameWay(curve, way)) : [];
}

/** Cuts a network as one cell asks. */
function cutCell(
  pruning: Pruning,
  { at, untouched }: DenseSide,
  {
    of,
    curves,
    progress,
  }: {
    readonly of: Counted;
    readonly curves: readonly UnitCurve[];
    readonly progress: (share: number) => CompareModelEvent;
  },
) {
  const { dense, units, options } = pruning;
  const inOrder = units.flatMap(({ name }) => curves.find(({ unit }) => unit === name) ?? []);
  const cost = countedCost(dense.graph, units, of);
  const counts = shareOfUnits({ cost, units, options, curves: inOrder });
  let done = 0;
  return relayed(cutUnits(pruning, { counts, dense: at, untouched }), (event) => {
    if (event.type === 'unit') done += 1;
    return progress(done / units.length / 2);
  });
}

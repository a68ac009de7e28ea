import { publishedLayout } from '../../experiment/model/prune/layout.js';
import { chosenUnits } from '../../experiment/model/prune/units.js';
import { costOfKept } from '../../graph/cost.js';
import type { Graph } from '../../graph/graph.js';
import type { ModelStudyConfig } from './config.js';
import { type ModelCellPlace, stepsOfStudy } from './grid.js';
import type { ModelRates } from './rates.js';

/** How large a part of a study is: pictures that its first network would train on and answer for in the same time. */
export interface ModelWork {
  readonly trained: number;
  readonly answered: number;
}

/** What a cell's work depends on beside its place. */
export interface CellSizes {
  /** Of the dense network's multiply-adds, what a cut leaves. */
  readonly share: number;
  /** The dense network's multiply-adds, as a multiple of those of the study's first one. */
  readonly relative: number;
  readonly testPictures: number;
}

/**
 * What a cell costs, by multiply-adds; the cut itself is not counted. What cells share counts as the
 * first one's: the pre-training of a trial, and the controls of a checkpoint where all cuts have the
 * same architecture.
 *
 */
export function workOfPlace(
  config: ModelStudyConfig,
  { examples, iteration, criterion }: ModelCellPlace,
  { share, relative, testPictures }: CellSizes,
): ModelWork {
  const { all, checkpoints, fineTune } = stepsOfStudy(config, examples);
  const { then } = config;
  // With magnitude pruning: a network as dense, one as cut, and one that is cut further.
  const further = share * (1 - (then?.[1] ?? 0));
  const first = criterion === config.criteria[0];
  const controls = config.controls && fineTune > 0;
  const ownScratch =
    controls && (first || config.budgets === 'measured' || config.layerTolerance !== undefined);
  const steps =
    (first && iteration === checkpoints[0] ? all : 0) +
    share * fineTune +
    (first && controls ? fineTune : 0) +
    (ownScratch ? share * (iteration + fineTune) : 0) +
    (1 + share + further) * (then ? fineTune : 0);
  const answers =
    (first ? 1 : 0) +
    share * (fineTune > 0 ? 2 : 1) +
    (first && controls ? 1 : 0) +
    (ownScratch ? share : 0) +
    (then ? 1 + share + further : 0);
  return {
    trained: relative * steps * config.batch,
    answered: relative * answers * testPictures,
  };
}

/** The work of several cells together. */
export function addedWork(parts: readonly ModelWork[]): ModelWork {
  return {
    trained: parts.reduce((sum, { trained }) => sum + trained, 0),
    answered: parts.reduce((sum, { answered }) => sum + answered, 0),
  };
}

/** Seconds that a part of a study takes at these rates. */
export function secondsOfWork({ trained, answered }: ModelWork, rates: ModelRates): number {
  return trained / rates.training + answered / rates.answers;
}

/** The share of a graph's multiply-adds that a study's cuts leave, as far as it is known before. */
export function shareOfCuts(config: ModelStudyConfig, graph: Graph): number {
  const { flops, parameters, layout, units: choice } = config;
  if (layout === undefined) return flops ?? parameters ?? 1;
  const units = chosenUnits(graph, choice);
  const cost = costOfKept(graph, units);
  const kept = publishedLayout(graph);
  const whole = cost(units.map(({ channels }) => channels)).multiplyAdds;
  return cost(units.map(({ name, channels }) => kept[name] ?? channels)).multiplyAdds / whole;
}

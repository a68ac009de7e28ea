import { findDisagreements } from '../../src/experiment/model/prune/disagreements.js';
import { countedCost } from '../../src/experiment/model/prune/share.js';
import { chosenUnits } from '../../src/experiment/model/prune/units.js';
import { inferShapes } from '../../src/graph/shapes.js';
import {
  type Budgeted,
  cutAsPlanned,
  type Device,
  type EvaluateSummary,
  evaluateModel,
  finalResult,
  leastShare,
  type Model,
  measurePruning,
  type Network,
  type Pictures,
  type Preprocessing,
  type PruneEvent,
  type PruneMeasurements,
  type PruneOptions,
  type PrunePlan,
  picturesAt,
  planPruning,
  type UnitChoice,
  type UnitCurve,
} from '../../src/index.js';
import { distinctDraws, randomStream } from '../../src/random.js';
import { bytesOfModel, classesOfModel } from './network-view.js';
import type { Budget, Dispute, Progress, ResultView, Side } from './protocol.js';
import { thumbnails } from './read-pictures.js';

/** Pictures that judge at most: enough to tell accuracy within three points. */
const JUDGES = 256;
/** Pictures below which all of them calibrate and judge. */
const FEW = 8;
/** Bytes of the largest map of all calibration pictures at most: they stay on the device. */
const MAP_BYTES = 256 * 2 ** 20;
/** Pictures that calibrate at most. */
const CALIBRATING = 1000;
/** Pictures that are shown of those on which the networks disagree. */
const SHOWN = 24;

/** A network that was cut, and what there is to say of it. */
export interface CutResult {
  readonly view: Omit<ResultView, 'current'>;
  readonly network: Network;
  readonly preprocessing: Preprocessing;
  /** Whether that was a guess. */
  readonly guessed: boolean;
  readonly kept: Readonly<Record<string, readonly number[]>>;
}

export interface CutRequest {
  readonly model: Model;
  readonly pictures: Pictures;
  /** What they are called. */
  readonly name: string;
  readonly checksum: number;
  readonly preprocessing: Preprocessing;
  /** Whether that is a guess. */
  readonly guessed: boolean;
  readonly units: UnitChoice;
  readonly budget: Budget;
  readonly id: number;
  /** What the network's answers mean, where that is known. */
  readonly classes: readonly string[] | undefined;
  /** Curves that were measured before. */
  readonly curves: readonly UnitCurve[];
  /** What was measured for budgets of this kind before; filled as more is. */
  readonly measured: Map<Budgeted, PruneMeasurements>;
  /** Told of the curves as they are measured. */
  readonly onCurves: (curves: readonly UnitCurve[]) => Promise<void>;
  readonly signal: AbortSignal;
  readonly tell: (progress: Progress) => void;
}

function optionsFor(budget: Budget, units: UnitChoice): PruneOptions {
  return {
    criterion: 'group',
    refit: 'weights',
    sharing: 'measured',
    units,
    budget,
    roundTo: 1,
    least: 1,
    seed: 0,
  };
}

/**
 * What is known without a device for a budget that counts: the cost, and curves where all are measured.
 * Undefined for milliseconds, and for a network of which nothing can be cut.
 */
export function countedMeasurements(
  { graph }: Network,
  {
    of,
    units,
    curves,
  }: { readonly of: Budgeted; readonly units: UnitChoice; readonly curves: readonly UnitCurve[] },
): PruneMeasurements | undefined {
  if (of === 'milliseconds') return undefined;
  try {
    const chosen = chosenUnits(graph, units);
    const found = chosen.flatMap(({ name }) => curves.find(({ unit }) => unit === name) ?? []);
    return {
      cost: countedCost(graph, chosen, of),
      curves: found.length === chosen.length ? found : [],
    };
  } catch {
    return undefined;
  }
}

/** The plan of a budget, or of the least that a cut can leave where that is more. */
export function planWithin(
  network: Network,
  {
    budget,
    units,
    measured,
  }: {
    readonly budget: Budget;
    readonly units: UnitChoice;
    readonly measured: PruneMeasurements;
  },
): { readonly plan: PrunePlan; readonly least: number } {
  const options = optionsFor(budget, units);
  const least = leastShare(network, options, measured.cost);
  const reachable = { ...budget, share: Math.max(budget.share, least) };
  const sharing = measured.curves.length > 0 ? 'measured' : 'uniform';
  const plan = planPruning(network, { ...options, sharing, budget: reachable }, measured);
  return { plan, least };
}

/** Which pictures calibrate and which judge, drawn once for all: half and half, or all both where they are few. */
export function divided(count: number): {
  readonly calibrating: readonly number[];
  readonly judging: readonly number[];
} {
  const order = [...distinctDraws(randomStream(0, 'judges'), count)(count)];
  if (count < FEW) return { calibrating: order, judging: order };
  const judges = Math.min(JUDGES, Math.floor(count / 2));
  return { calibrating: order.slice(judges), judging: order.slice(0, judges) };
}

/** How the steps of a pruning share its progress bar. */
const STEPS = ['timing', 'curves', 'cutting', 'judging'] as const;

const WORDS = {
  timing: 'Timing',
  curves: 'Trying cuts of',
  cutting: 'Cutting',
  judging: 'Measuring',
} as const;

/**
 * Cuts a network to a budget, and judges both by pictures that the cut has not seen.
 *
 * @throws bad-config, bad-network, bad-data, limit-exceeded, aborted as `measurePruning` and
 *   `cutAsPlanned` do.
 */
export async function cutToBudget(device: Device, request: CutRequest): Promise<CutResult> {
  const { model, pictures, preprocessing, units, budget, measured, signal } = request;
  const start = performance.now();
  const tell = (step: (typeof STEPS)[number], share: number, what = '') =>
    request.tell({
      text: `${WORDS[step]}${what ? ` ${what}` : ''}`,
      share: (STEPS.indexOf(step) + share) / STEPS.length,
    });
  const { calibrating, judging } = divided(pictures.count);
  const most = calibrationLimit(model);
  const calibration = picturesAt(pictures, calibrating.slice(0, most));
  const judges = picturesAt(pictures, judging);
  const evaluate = (
    network: Network,
    { from, what }: { readonly from: number; readonly what: string },
  ) => {
    tell('judging', from, what);
    return finalResult(
      evaluateModel(device, { network, pictures: judges, preprocessing }, signal),
      ({ done, total }) => tell('judging', from + done / total / 2, what),
    );
  };
  const input = {
    network: model.network,
    calibration,
    preprocessing,
    options: optionsFor({ ...budget, share: 1 }, units),
  };
  const curves = [...request.curves];
  const hear = async (event: PruneEvent) => {
    if (event.type === 'progress') tell(event.phase, event.share, event.unit);
    if (event.type !== 'curve') return;
    const { type: _, ...curve } = event;
    curves.push(curve);
    await request.onCurves([...curves]);
  };
  const known =
    measured.get(budget.of) ??
    (await finalResult(measurePruning(device, input, { known: curves, signal }), hear));
  measured.set(budget.of, known);
  const { plan } = planWithin(model.network, { budget, units, measured: known });
  const widest = plan.units.reduce((one, other) => (other.channels > one.channels ? other : one));
  const cut = await finalResult(
    cutAsPlanned(device, { ...input, options: optionsFor(budget, units) }, { plan, signal }),
    hear,
  );
  // Side by side each time: a machine is not as fast now as it was when it measured before.
  const dense = await evaluate(model.network, { from: 0, what: 'the network as it came' });
  const pruned = await evaluate(cut.network, { from: 0.5, what: 'what is left' });
  const both = { dense: model.network, pruned: cut.network, pictures: judges, preprocessing };
  const { found } = await findDisagreements(device, both, signal);
  const classOf = (index: number) => request.classes?.[index] ?? `class ${index}`;
  const shown = found.slice(0, SHOWN);
  const small = thumbnails(
    judges,
    shown.map(({ picture }) => picture),
  );
  const disputes = shown.map((own, at): Dispute => {
    const label = judges.labels?.[own.picture];
    return {
      picture: small[at] as Dispute['picture'],
      dense: classOf(own.dense),
      pruned: classOf(own.pruned),
      ...(label !== undefined && { label: classOf(label) }),
    };
  });
  return {
    network: cut.network,
    preprocessing,
    guessed: request.guessed,
    kept: Object.fromEntries(cut.units.map(({ unit, kept }) => [unit, kept])),
    view: {
      id: request.id,
      pictures: { name: request.name, count: pictures.count, checksum: request.checksum },
      choice: units,
      budget,
      reached: plan.reached,
      units: plan.units,
      dense: sideOf(dense, bytesOfModel(model)),
      pruned: sideOf(pruned, bytesOfModel({ ...model, network: cut.network })),
      agreement: 1 - found.length / judges.count,
      judged: judges.count,
      classes: classesOfModel(model),
      calibrated: calibration.count,
      disputes,
      seconds: (performance.now() - start) / 1000,
      ...(calibration.count < widest.channels && { few: widest }),
    },
  };
}

function sideOf(summary: EvaluateSummary, bytes: number): Side {
  const { multiplyAdds, parameters, milliseconds, accuracy } = summary;
  return {
    multiplyAdds,
    parameters,
    bytes,
    milliseconds,
    ...(accuracy !== undefined && { accuracy }),
  };
}

/** Pictures whose maps fit on a device together, the largest map counted. */
export function calibrationLimit({ network: { graph } }: Model): number {
  const sizes = [...inferShapes(graph).values()].map(
    ({ channels, height, width }) => 4 * channels * height * width,
  );
  return Math.max(1, Math.min(CALIBRATING, Math.floor(MAP_BYTES / Math.max(...sizes))));
}

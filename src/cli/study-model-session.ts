import type { PictureDecoder } from '../data/picture-decoder.js';
import { firstPictures } from '../data/pictures.js';
import { picturesChecksum } from '../data/read-ahead.js';
import { summarise } from '../graph/summary.js';
import type { Host } from '../hosts/host.js';
import { memo } from '../memo.js';
import { drawWeights } from '../models/initial-weights.js';
import { MODEL_CELLS, type ModelStudyCell, subnetworkAccuracy } from '../study/model/cell.js';
import type { ModelStudyConfig } from '../study/model/config.js';
import {
  drawPictures,
  listModelTrials,
  listStudiedModels,
  type ModelCellPlace,
  type ModelTrial,
  nameOfModelTrial,
  seedOfModelTrial,
  studiedModelText,
} from '../study/model/grid.js';
import { leftOutText } from '../study/model/left-out.js';
import type { ModelTrialEvent } from '../study/model/making.js';
import {
  inputOfStudy,
  type Material,
  materialOfStudy,
  modelOf,
  modelTrialInput,
} from '../study/model/material.js';
import { type ModelRates, RATED_BATCHES } from '../study/model/rates.js';
import {
  addedWork,
  type ModelWork,
  secondsOfWork,
  shareOfCuts,
  workOfPlace,
} from '../study/model/work.js';
import { keyOfCell } from '../study/records.js';
import { grouped, plural } from '../text.js';
import { readStreamedData } from './cifar10.js';
import type { jobs } from './jobs.js';
import { percent } from './progress.js';
import type { ModelStudyFolder } from './study-model-folder.js';
import {
  type CellWords,
  createStudyProgress,
  duration,
  type StudyProgress,
} from './study-progress.js';
import { runQueued } from './study-queue.js';
import { doTrials } from './study-session.js';
import { MODEL_TRIALS } from './trial-kinds.js';

/**
 * Reads the data of a study and builds its networks. With a decoder pictures that are too large to hold
 * are streamed.
 *
 * @throws before any work what does not fit, as `materialOfStudy` does.
 */
export async function readMaterial(
  config: ModelStudyConfig,
  decoder: PictureDecoder | undefined,
): Promise<Material> {
  // Pictures of any size become those that the architectures take.
  const source = await readStreamedData(config.data, { size: inputOfStudy(config), decoder });
  return materialOfStudy(config, source);
}

/** A study, and what of it is to be there in the end. */
export interface ModelSession {
  readonly config: ModelStudyConfig;
  readonly material: Material;
  readonly folder: ModelStudyFolder;
  readonly wanted: readonly ModelCellPlace[];
  readonly signal: AbortSignal;
}

const keyOfPlace = (place: ModelCellPlace) => keyOfCell(MODEL_CELLS, place);

/**
 * Computes the cells that the folder lacks, in this process.
 *
 * @returns how fast the device is, where that was measured.
 */
export async function runModelSession(session: ModelSession): Promise<ModelRates | undefined> {
  const { config } = session;
  const workOf = workOfMaterial(session);
  let rates: ModelRates | undefined;
  await dropTrainings(session);
  await withProgress(session, (progress) =>
    doTrials(config, {
      left: () => openPlaces(session).length > 0,
      onLoss: (message) => progress.note(`${message} Opening a new device.`),
      work: async (host, moved) => {
        const open = openPlaces(session);
        const rest = addedWork(open.map(workOf));
        const estimated = await estimate(session, host, { cells: open.length, rest });
        progress.note(estimated.text);
        rates = estimated.rates;
        for (const trial of listModelTrials(config)) {
          await doModelTrial(session, host, { trial, progress, moved });
        }
      },
    }),
  );
  return rates;
}

/** Has workers compute the cells that the folder lacks; the networks stay with them. */
export function queueModelSession(
  session: ModelSession,
  server: { readonly address: string; readonly version: string },
): Promise<void> {
  const { config, material, folder, signal } = session;
  // Trials of several networks draw the same pictures.
  const checksums = new Map<string, Promise<string>>();
  return withProgress(session, (progress) =>
    runQueued({
      ...{ kind: MODEL_TRIALS, config, folder, signal, ...server },
      open: () => listModelTrials(config).filter((trial) => placesLeft(session, trial).length > 0),
      checksum: ({ examples, trial }) => {
        const draw = () =>
          drawPictures(material.train, examples, seedOfModelTrial(config, { trial }));
        return memo(checksums, `${examples}/${trial}`, () => picturesChecksum(draw(), { signal }));
      },
      onNote: progress.note,
      onCell: progress.cell,
    }),
  );
}

async function withProgress(
  session: ModelSession,
  work: (progress: StudyProgress<ModelStudyCell>) => Promise<void>,
): Promise<void> {
  const { config, folder, wanted } = session;
  const workOf = workOfMaterial(session);
  const asked = new Set(wanted.map(keyOfPlace));
  const progress = createStudyProgress<ModelStudyCell>(
    process.stderr,
    {
      cells: wanted.length,
      perCell: (place) => effort(workOf(place)),
      total: effort(addedWork(wanted.map(workOf))),
    },
    {
      done: folder.cells.filter((cell) => asked.has(keyOfPlace(cell))),
      words: wordsOfStudy(config),
    },
  );
  try {
    for (const note of folder.notes) progress.note(note);
    await work(progress);
  } finally {
    progress.stop();
  }
}

/** The work of a cell, in pictures of the study's first network. */
function workOfMaterial({
  config,
  material: { models, test },
}: ModelSession): (place: ModelCellPlace) => ModelWork {
  const costs = models.map(({ graph }) => summarise(graph).multiplyAdds);
  const sizes = models.map((model, at) => ({
    ...model,
    share: shareOfCuts(config, model.graph),
    relative: costs[at]! / costs[0]!,
    testPictures: test.count,
  }));
  return (place) => workOfPlace(config, place, modelOf(sizes, place));
}

/** Pictures that would be trained on in the same time: answering takes about a third of it. */
function effort({ trained, answered }: ModelWork): number {
  return trained + answered / 3;
}

/** The cells that are asked for and not there, in the order in which they are filled. */
function openPlaces({ folder, wanted }: ModelSession): readonly ModelCellPlace[] {
  const done = new Set(folder.cells.map(keyOfPlace));
  return wanted.filter((place) => !done.has(keyOfPlace(place)));
}

/** Those of one trial. */
function placesLeft(session: ModelSession, trial: ModelTrial): readonly ModelCellPlace[] {
  const name = nameOfModelTrial(trial);
  return openPlaces(session).filter((place) => nameOfModelTrial(place) === name);
}

/** Steps below which a study is over sooner than it would be estimated. */
const FEW_STEPS = 40;

/** One line on what is to come, by rates that are measured for it. */
async function estimate(
  { config, material, signal }: ModelSession,
  host: Host<typeof jobs>,
  { cells, rest }: { readonly cells: number; readonly rest: ModelWork },
): Promise<{ readonly text: string; readonly rates?: ModelRates }> {
  const what = `${plural(cells, 'cell')} of ${config.architecture.join(', ')}`;
  if (rest.trained < FEW_STEPS * config.batch) return { text: `${what}.` };
  const { models, train } = material;
  const { graph, preprocessing } = models[0]!;
  const network = { graph, weights: drawWeights(graph, config.seed) };
  // No more than the rates are measured by: a host in Chrome is sent a copy.
  const pictures = firstPictures(train, Math.min(train.count, RATED_BATCHES * config.batch));
  const tried = { network, preprocessing, pictures, batch: config.batch };
  const rates = await host.execute('modelRates', tried, { signal });
  const [trained, answered] = [rest.trained, rest.answered].map((n) => grouped(Math.round(n)));
  const [training, answers] = [rates.training, rates.answers].map((n) => n.toPrecision(3));
  const text = `${what}, which are about ${trained} pictures to train on and ${answered} to answer for: ${duration(secondsOfWork(rest, rates))} at ${training} and ${answers} a second, as measured just now on ${rates.adapter.name}; cutting comes on top.`;
  return { text, rates };
}

/** Removes trainings of trials that are done: a kill may come between the last cell and that. */
async function dropTrainings(session: ModelSession): Promise<void> {
  const open = new Set(openPlaces(session).map(nameOfModelTrial));
  for (const trial of listModelTrials(session.config)) {
    if (!open.has(nameOfModelTrial(trial)))
      await session.folder.networksOfTrial(trial).removeTraining();
  }
}

/** What is open of one trial, from where it stood. */
async function doModelTrial(
  session: ModelSession,
  host: Host<typeof jobs>,
  {
    trial,
    progress,
    moved,
  }: {
    readonly trial: ModelTrial;
    readonly progress: StudyProgress<ModelStudyCell>;
    readonly moved: () => void;
  },
): Promise<void> {
  const { config, material, folder, signal } = session;
  const [first, ...others] = placesLeft(session, trial);
  if (!first) return;
  const networks = folder.networksOfTrial(trial);
  const input = await modelTrialInput(config, material, [first, ...others], signal);
  const kept = await networks.read(input.places.map(({ iteration }) => iteration));
  const onEvent = async (event: ModelTrialEvent) => {
    if (event.type === 'progress') {
      const doing = `${event.phase} ${event.name}, ${percent(event.share)}`;
      progress.doing(`${trialText(config, trial)}: ${doing}`);
      return;
    }
    await networks.keep(event);
    if (event.type === 'cell') {
      await folder.append(event.cell);
      progress.cell(event.cell);
    }
    moved();
  };
  await host.execute('modelTrial', { ...input, ...kept }, { signal, onEvent });
  await networks.removeTraining();
}

function wordsOfStudy(config: ModelStudyConfig): CellWords<ModelStudyCell> {
  const name = (cell: ModelCellPlace) =>
    `${trialText(config, cell)}, step ${cell.iteration}, ${cell.criterion}`;
  return {
    line: (cell) =>
      `${name(cell)}: ${percent(subnetworkAccuracy(cell))} right, the dense network ${percent(cell.denseTestAccuracy)} (${cell.seconds.toFixed(0)} s)${leftOutText(config, cell)}`,
    short: (cell) => `${name(cell)} ${percent(subnetworkAccuracy(cell))}`,
  };
}

/** A trial in words, and its network where there are several. */
function trialText(config: ModelStudyConfig, trial: ModelTrial): string {
  const model = listStudiedModels(config).length > 1 ? `${studiedModelText(trial)}, ` : '';
  return `${model}${grouped(trial.examples)} pictures, trial ${trial.trial}`;
}

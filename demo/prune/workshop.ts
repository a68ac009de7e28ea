import { CIFAR10_CLASSES } from '../../src/data/cifar10.js';
import { modelFiles } from '../../src/experiment/model/model-files.js';
import {
  type Budgeted,
  type Device,
  EspalierError,
  openBrowserAdapter,
  openDevice,
  type PictureSize,
  type Preprocessing,
  type PruneMeasurements,
  type UnitChoice,
  type UnitCurve,
} from '../../src/index.js';
import type { PathFile } from '../model/dropped.js';
import { type Keeper, openKeeper } from '../state/keeper.js';
import {
  type CutResult,
  calibrationLimit,
  countedMeasurements,
  cutToBudget,
  divided,
  planWithin,
} from './cut.js';
import { classesOfModel, viewOfNetwork } from './network-view.js';
import type { Calls, PicturesView, PlanView, Progress, Standing } from './protocol.js';
import { picturesFor, readPictureFiles, thumbnails } from './read-pictures.js';
import { snippetFor } from './snippet.js';
import {
  builtInPictures,
  filesOfNetwork,
  type KeptNetwork,
  nameOfPictures,
  type OwnNetwork,
  type OwnPictures,
  readNetwork,
} from './sources.js';
import { type KeptCuts, leftCuts, withCutsNoted } from './unfinished.js';
import { pruneText } from './wording.js';

/** Work in one submit. The page is drawn by the same GPU: longer work would delay its frames. */
const SUBMIT_MILLIS = 30;
/** Results that are kept, with their networks. */
const RESULTS = 12;
/** Pictures that are shown of those at hand. */
const SHOWN = 12;

export interface Context {
  readonly signal: AbortSignal;
  readonly tell: (progress: Progress) => void;
}

/** What the worker does for the page. */
export type Workshop = {
  readonly [Name in keyof Calls]: (
    takes: Calls[Name]['takes'],
    context: Context,
  ) => Promise<Calls[Name]['gives']>;
};

/** What the browser keeps of the person's choices. */
interface KeptChoices {
  readonly preprocessing: Preprocessing;
  readonly units: UnitChoice;
}

/** Holds the network, the pictures and all that was computed from them. */
export function createWorkshop(gpu: GPU | undefined, locks: LockManager | undefined): Workshop {
  let base = '';
  let keeper: Keeper | undefined;
  let device: Device | undefined;
  let network: OwnNetwork | undefined;
  /** Why it is not the one that was kept. */
  let lost: string | undefined;
  let pictures: OwnPictures | undefined;
  /** The files that they were read from, while the page is open. */
  let pictureFiles: readonly PathFile[] | undefined;
  let preprocessing: Preprocessing = { mean: [0], deviation: [1] };
  let units: UnitChoice = 'inner';
  let curves: readonly UnitCurve[] = [];
  let results: readonly CutResult[] = [];
  let unfinished: KeptCuts | undefined;
  /** By what a budget counts; milliseconds are there once they were measured. */
  const measured = new Map<Budgeted, PruneMeasurements>();

  const standing = (): Standing => ({
    ...(network && { network: viewOfNetwork(network.model, { ...network, units }) }),
    ...(lost !== undefined && { lost }),
    ...picturesStanding(),
    preprocessing,
    units,
    results: results.map(({ view }) => view),
    ...(unfinished && { unfinished: unfinished.budgets }),
    keeps: keeper?.keeps() ?? false,
  });

  /** The pictures for the network at hand. */
  const fitted = () => {
    if (!network || !pictures) return undefined;
    const { input } = network.model.network.graph;
    return picturesFor(pictures.pictures, input, classesOfModel(network.model));
  };

  const picturesStanding = (): Pick<Standing, 'pictures' | 'misfit'> => {
    if (!network || !pictures) return {};
    const most = calibrationLimit(network.model);
    try {
      const fit = fitted();
      return { pictures: viewOfPictures({ ...pictures, ...fit }, most, fit?.note) };
    } catch (error) {
      const misfit = error instanceof Error ? error.message : String(error);
      return { pictures: viewOfPictures(pictures, most), misfit };
    }
  };

  /** What was measured counts for other inputs no more. */
  const forgetMeasured = async () => {
    curves = [];
    results = [];
    unfinished = undefined;
    measured.clear();
    await keeper?.remove('curves', 'results', 'cuts');
  };

  const keepChoices = async () =>
    keeper?.put('choices', { preprocessing, units } satisfies KeptChoices);

  /** Pictures are read to the size that a network takes: another network reads its own again. */
  const refitted = async (
    input: PictureSize,
    { tell }: Context,
  ): Promise<OwnPictures | undefined> => {
    if (!pictures) return undefined;
    const { height, width, channels } = pictures.pictures;
    if (height === input.height && width === input.width && channels === input.channels) {
      return pictures;
    }
    return (
      pictureFiles && {
        ...pictures,
        pictures: await readPictureFiles(pictureFiles, input, tell),
      }
    );
  };

  const keepPictures = async () => {
    if (pictures) await keeper?.put('pictures', pictures.builtIn ? 'built-in' : pictures);
    else await keeper?.remove('pictures');
  };

  const connected = async (): Promise<Device> => {
    try {
      device?.check();
    } catch {
      device?.dispose();
      device = undefined;
    }
    device ??= await openDevice(await openBrowserAdapter(gpu), { submitMillis: SUBMIT_MILLIS });
    return device;
  };

  return {
    open: async ({ base: address }) => {
      base = address;
      keeper = await openKeeper('espalier-prune');
      const keptNetwork = (await keeper.get('network')) as KeptNetwork | undefined;
      let read: OwnNetwork;
      try {
        read = await readNetwork(base, keptNetwork ?? 'built-in');
      } catch (error) {
        if (keptNetwork === undefined || keptNetwork === 'built-in') throw error;
        read = await readNetwork(base, 'built-in');
        lost = `The network that was kept here can no longer be read, so this is the built-in one. ${pruneText(error)}`;
        // All that was kept with it was for it.
        await keeper.remove('network', 'pictures', 'choices', 'curves', 'results', 'cuts');
      }
      const keptPictures = (await keeper.get('pictures')) as 'built-in' | OwnPictures | undefined;
      const choices = (await keeper.get('choices')) as KeptChoices | undefined;
      const own = keptPictures ?? (read.builtIn ? 'built-in' : undefined);
      pictures = own === 'built-in' ? await builtInPictures(base) : own;
      network = read;
      preprocessing = choices?.preprocessing ?? usual(network);
      units = choices?.units ?? 'inner';
      curves = ((await keeper.get('curves')) as readonly UnitCurve[] | undefined) ?? [];
      results = ((await keeper.get('results')) as readonly CutResult[] | undefined) ?? [];
      unfinished = await leftCuts(keeper, locks);
      return standing();
    },

    network: async ({ source }, context) => {
      const kept = source === 'built-in' ? source : await filesOfNetwork(source);
      const read = await readNetwork(base, kept);
      const fit =
        source === 'built-in'
          ? await builtInPictures(base)
          : await refitted(read.model.network.graph.input, context);
      const others = fit !== pictures;
      network = read;
      lost = undefined;
      pictures = fit;
      if (source === 'built-in') pictureFiles = undefined;
      preprocessing = usual(network);
      await forgetMeasured();
      // Not left beside another network where that one cannot be kept.
      await keeper?.remove('choices');
      await keeper?.put('network', kept);
      await keepChoices();
      if (others) await keepPictures();
      return standing();
    },

    pictures: async ({ source }, { tell }) => {
      if (source === 'built-in') {
        pictures = await builtInPictures(base);
        pictureFiles = undefined;
      } else {
        if (!network) throw new EspalierError('bad-config', 'Bring a network before its pictures.');
        const { input } = network.model.network.graph;
        const read = await readPictureFiles(source, input, tell);
        picturesFor(read, input, classesOfModel(network.model));
        pictures = { name: nameOfPictures(source), builtIn: false, pictures: read };
        pictureFiles = source;
      }
      await forgetMeasured();
      await keepPictures();
      return standing();
    },

    choose: async (choice) => {
      preprocessing = choice.preprocessing ?? preprocessing;
      units = choice.units ?? units;
      await forgetMeasured();
      await keepChoices();
      return standing();
    },

    plan: async ({ of, share }) => {
      if (!network) return undefined;
      const own = network.model.network;
      const known = measured.get(of) ?? countedMeasurements(own, { of, units, curves });
      if (!known) return undefined;
      const even = known.curves.length === 0;
      const { plan, least } = planWithin(own, { budget: { of, share }, units, measured: known });
      const view: PlanView = {
        budget: { of, share },
        units: plan.units,
        reached: plan.reached,
        least,
        measured: !even,
      };
      return view;
    },

    prune: async ({ budget, others }, { signal, tell }) => {
      const fit = fitted();
      if (!network || !fit) {
        throw new EspalierError('bad-config', 'A network and pictures are needed.');
      }
      const { model, builtIn } = network;
      const begun = 1 + (unfinished?.begun ?? 0);
      unfinished = undefined;
      await withCutsNoted({ budgets: [budget, ...others], begun }, keeper, locks, async () => {
        const result = await cutToBudget(await connected(), {
          model,
          pictures: fit.pictures,
          preprocessing,
          units,
          budget,
          id: 1 + Math.max(0, ...results.map(({ view }) => view.id)),
          classes: fit.pictures.classes ?? (builtIn ? CIFAR10_CLASSES : undefined),
          curves,
          measured,
          onCurves: async (found) => {
            curves = found;
            await keeper?.put('curves', curves);
          },
          signal,
          tell,
        });
        results = [...results, result].slice(-RESULTS);
        await keeper?.put('results', results);
      });
      return standing();
    },

    file: async ({ id, ending }) => {
      const result = results.find(({ view }) => view.id === id);
      if (!network || !result) throw new EspalierError('bad-config', 'That result is gone.');
      const { model } = network;
      const name = `${model.architecture}-pruned${ending}`;
      const pruned = { ...model, preprocessing, network: result.network, kept: result.kept };
      const { bytes, beside } = modelFiles(pruned, name);
      const { input } = model.network.graph;
      const axes = [...(model.onnx?.values.values() ?? [])].find(
        ({ map }) => map === input.name,
      )?.axes;
      const layout = axes === 'NHWC' ? 'rows first' : 'channels first';
      return {
        name,
        bytes,
        beside: [...beside].map(([own, data]) => ({ name: own, bytes: data })),
        snippet: snippetFor(name, { input, layout }, preprocessing),
      };
    },

    forget: async () => {
      const read = await readNetwork(base, 'built-in');
      pictures = await builtInPictures(base);
      pictureFiles = undefined;
      network = read;
      lost = undefined;
      preprocessing = usual(network);
      units = 'inner';
      await forgetMeasured();
      await keeper?.remove('network', 'pictures', 'choices');
      return standing();
    },
  };
}

function usual(network: OwnNetwork | undefined): Preprocessing {
  return network?.model.preprocessing ?? { mean: [0], deviation: [1] };
}

function viewOfPictures(
  { name, builtIn, pictures }: OwnPictures,
  most: number,
  note?: string,
): PicturesView {
  const { calibrating, judging } = divided(pictures.count);
  const shown = Math.min(SHOWN, pictures.count);
  // From all over them: those of a folder lie class by class.
  const first = Array.from({ length: shown }, (_, at) => Math.floor((at * pictures.count) / shown));
  return {
    name,
    builtIn,
    count: pictures.count,
    calibrating: Math.min(calibrating.length, most),
    judging: judging.length,
    labelled: pictures.labels !== undefined,
    ...(note !== undefined && { note }),
    first: thumbnails(pictures, first),
  };
}

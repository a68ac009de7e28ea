import { CIFAR10_CLASSES } from '../../src/data/cifar10.js';
import { modelFiles } from '../../src/experiment/model/model-files.js';
import {
  type Device,
  EspalierError,
  openBrowserAdapter,
  openDevice,
  type PictureSize,
  type UnitCurve,
} from '../../src/index.js';
import { type Keeper, openKeeper } from '../state/keeper.js';
import { type CutResult, countedMeasurements, cutToBudget, planWithin } from './cut.js';
import { bringBack, type Choices, type Desk, putAside, recordsOf, unmeasured } from './desk.js';
import { classesOfModel } from './network-view.js';
import {
  type Calls,
  MOST_RESULTS,
  type PlanView,
  type Progress,
  type Source,
  type Standing,
} from './protocol.js';
import { picturesFor, readPictureFiles } from './read-pictures.js';
import { snippetFor } from './snippet.js';
import {
  builtInPictures,
  filesOfNetwork,
  type KeptNetwork,
  nameOfPictures,
  type OwnNetwork,
  type OwnPictures,
  ownPictures,
  readNetwork,
} from './sources.js';
import { fittedPictures, viewOfDesk } from './standing.js';
import { type KeptCuts, leftCuts, withCutsNoted } from './unfinished.js';
import { pruneText } from './wording.js';

/** Work in one submit. The page is drawn by the same GPU: longer work would delay its frames. */
const SUBMIT_MILLIS = 30;

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

/** Holds the network, the pictures and all that was computed from them. */
export function createWorkshop(gpu: GPU | undefined, locks: LockManager | undefined): Workshop {
  let base = '';
  let keeper: Keeper | undefined;
  let device: Device | undefined;
  let desk: Desk = {
    choices: { preprocessing: { mean: [0], deviation: [1] }, guessed: false, units: 'inner' },
    ...unmeasured(),
    results: [],
  };
  /** Newest first. */
  let asides: readonly Desk[] = [];
  /** Why the network is not the one that was kept. */
  let lost: string | undefined;
  let unfinished: KeptCuts | undefined;

  const standing = (): Standing => ({
    ...viewOfDesk(desk, asides[0]),
    ...(lost !== undefined && { lost }),
    ...(unfinished && { unfinished: unfinished.budgets }),
    keeps: keeper?.keeps() ?? false,
  });

  /** Keeps what has changed of the desk. */
  const become = async (next: Desk): Promise<void> => {
    const before = recordsOf(desk);
    const other = desk.network !== next.network;
    desk = next;
    const changed = Object.entries(recordsOf(next)).filter(
      ([name, record]) => other || record !== before[name],
    );
    // Nothing is left beside another network, in case that the browser cannot keep that one.
    const stale = changed.filter(([, record]) => other || record === undefined);
    await keeper?.remove(...stale.map(([name]) => name));
    for (const [name, record] of changed) {
      if (record !== undefined) await keeper?.put(name, record);
    }
  };

  /** Takes other inputs: those of now lie aside where they would be lost. */
  const replaceBy = async (next: Desk, aside = putAside(asides, desk, next)): Promise<Standing> => {
    asides = aside;
    unfinished = undefined;
    await keeper?.remove('cuts');
    await become(next);
    return standing();
  };

  /** Pictures are read to the size that a network takes: another network reads its own again. */
  const refitted = async (
    input: PictureSize,
    { tell }: Context,
  ): Promise<OwnPictures | undefined> => {
    const { pictures, pictureFiles } = desk;
    if (!pictures) return undefined;
    const { height, width, channels } = pictures.pictures;
    if (height === input.height && width === input.width && channels === input.channels) {
      return pictures;
    }
    return (
      pictureFiles &&
      ownPictures({
        ...pictures,
        pictures: await readPictureFiles(pictureFiles, input, tell),
      })
    );
  };

  const readPictures = async (source: Source, tell: Context['tell']): Promise<OwnPictures> => {
    if (source === 'built-in') return builtInPictures(base);
    const { network } = desk;
    if (!network) throw new EspalierError('bad-config', 'Bring a network before its pictures.');
    const { input } = network.model.network.graph;
    const pictures = await readPictureFiles(source, input, tell);
    picturesFor(pictures, input, classesOfModel(network.model));
    return ownPictures({ name: nameOfPictures(source), builtIn: false, pictures });
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
      const own = keptPictures ?? (read.builtIn ? 'built-in' : undefined);
      const results = (await keeper.get('results')) as readonly CutResult[] | undefined;
      desk = {
        network: read,
        pictures: own === 'built-in' ? await builtInPictures(base) : own && ownPictures(own),
        choices: ((await keeper.get('choices')) as Choices | undefined) ?? usualChoices(read),
        curves: ((await keeper.get('curves')) as readonly UnitCurve[] | undefined) ?? [],
        measured: new Map(),
        // Those of an earlier page do not say what they were made with.
        results: results?.filter(({ view }) => view.pictures.checksum !== undefined) ?? [],
      };
      unfinished = await leftCuts(keeper, locks);
      return standing();
    },

    network: async ({ source }, context) => {
      const kept = source === 'built-in' ? source : await filesOfNetwork(source);
      const network = await readNetwork(base, kept);
      const builtIn = source === 'built-in';
      const pictures = builtIn
        ? await builtInPictures(base)
        : await refitted(network.model.network.graph.input, context);
      lost = undefined;
      const { units } = desk.choices;
      return replaceBy({
        network,
        pictures,
        pictureFiles: builtIn ? undefined : desk.pictureFiles,
        choices: { ...usualChoices(network), units },
        ...unmeasured(),
        results: [],
      });
    },

    pictures: async ({ source }, { tell }) => {
      const pictures = await readPictures(source, tell);
      const pictureFiles = source === 'built-in' ? undefined : source;
      return replaceBy({ ...desk, pictures, pictureFiles, ...unmeasured() });
    },

    choose: async (choice) => {
      const guessed = desk.choices.guessed && choice.preprocessing === undefined;
      const choices = { ...desk.choices, ...choice, guessed };
      return replaceBy({ ...desk, choices, ...unmeasured() });
    },

    back: async () => {
      const found = bringBack(asides, desk);
      return replaceBy(found.desk, found.asides);
    },

    plan: async ({ of, share }) => {
      const { network, measured, curves } = desk;
      const { units } = desk.choices;
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
      const { network, pictures, choices, results, curves, measured } = desk;
      const fit = fittedPictures(desk);
      if (!network || !pictures || !fit) {
        throw new EspalierError('bad-config', 'A network and pictures are needed.');
      }
      const { model, builtIn } = network;
      const begun = 1 + (unfinished?.begun ?? 0);
      unfinished = undefined;
      await withCutsNoted({ budgets: [budget, ...others], begun }, keeper, locks, async () => {
        const result = await cutToBudget(await connected(), {
          model,
          pictures: fit.pictures,
          name: pictures.name,
          checksum: pictures.checksum,
          ...choices,
          budget,
          id: 1 + Math.max(0, ...results.map(({ view }) => view.id)),
          classes: fit.pictures.classes ?? (builtIn ? CIFAR10_CLASSES : undefined),
          curves,
          measured,
          onCurves: (found) => become({ ...desk, curves: found }),
          signal,
          tell,
        });
        await become({ ...desk, results: [...results, result].slice(-MOST_RESULTS) });
      });
      return standing();
    },

    file: async ({ id, ending }) => {
      const { network } = desk;
      const result = desk.results.find(({ view }) => view.id === id);
      if (!network || !result) throw new EspalierError('bad-config', 'That result is gone.');
      const { model } = network;
      const name = `${model.architecture}-pruned${ending}`;
      const { preprocessing, guessed, kept } = result;
      const pruned = { ...model, preprocessing, network: result.network, kept };
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
        snippet: snippetFor(name, { input, layout }, { ...preprocessing, guessed }),
      };
    },

    forget: async () => {
      const network = await readNetwork(base, 'built-in');
      lost = undefined;
      return replaceBy({
        network,
        pictures: await builtInPictures(base),
        choices: usualChoices(network),
        ...unmeasured(),
        results: [],
      });
    },
  };
}

function usualChoices(network: OwnNetwork): Choices {
  return {
    preprocessing: network.model.preprocessing,
    guessed: !(network.builtIn || network.saysPixels),
    units: 'inner',
  };
}

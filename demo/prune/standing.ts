import type { Pictures } from '../../src/index.js';
import { calibrationLimit, divided } from './cut.js';
import { type Desk, isCurrent } from './desk.js';
import { classesOfModel, viewOfNetwork } from './network-view.js';
import type { AsideView, PicturesView, Standing } from './protocol.js';
import { picturesFor, thumbnails } from './read-pictures.js';
import type { OwnPictures } from './sources.js';

/** Pictures that are shown of those at hand. */
const SHOWN = 12;

/** What the page shows of a desk, and of the one that lies aside. */
export function viewOfDesk(
  desk: Desk,
  aside: Desk | undefined,
): Omit<Standing, 'lost' | 'unfinished' | 'keeps'> {
  const { network, choices, results } = desk;
  return {
    ...(network && {
      network: viewOfNetwork(network.model, { ...network, units: choices.units }),
    }),
    ...viewOfFit(desk),
    ...choices,
    results: results.map((result) => ({ ...result.view, current: isCurrent(result, desk) })),
    ...(aside && { aside: viewOfAside(aside, desk) }),
  };
}

/** The pictures of a desk as its network takes them. */
export function fittedPictures({
  network,
  pictures,
}: Desk): { readonly pictures: Pictures; readonly note?: string } | undefined {
  if (!network || !pictures) return undefined;
  const { input } = network.model.network.graph;
  return picturesFor(pictures.pictures, input, classesOfModel(network.model));
}

function viewOfFit(desk: Desk): Pick<Standing, 'pictures' | 'misfit'> {
  const { network, pictures } = desk;
  if (!network || !pictures) return {};
  const most = calibrationLimit(network.model);
  try {
    const fit = fittedPictures(desk);
    return { pictures: viewOfPictures({ ...pictures, ...fit }, most, fit?.note) };
  } catch (error) {
    const misfit = error instanceof Error ? error.message : String(error);
    return { pictures: viewOfPictures(pictures, most), misfit };
  }
}

function viewOfAside({ network, pictures, results }: Desk, now: Desk): AsideView {
  const other = network !== now.network;
  return {
    ...(other && network && { network: network.model.architecture }),
    ...(pictures &&
      pictures !== now.pictures && {
        pictures: { name: pictures.name, count: pictures.pictures.count },
      }),
    results: other ? results.length : 0,
  };
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

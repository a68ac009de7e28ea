import {
  type AnyPictures,
  firstPictures,
  type PictureSource,
  type Preprocessing,
} from '../../data/pictures.js';
import { picturesChecksum } from '../../data/read-ahead.js';
import { usualPreprocessing } from '../../experiment/model/model.js';
import type { Graph, MapShape } from '../../graph/graph.js';
import { buildArchitecture } from '../../models/architectures.js';
import { drawWeights } from '../../models/initial-weights.js';
import { otherImages } from '../study.js';
import type { ModelStudyCell } from './cell.js';
import type { ModelStudyConfig } from './config.js';
import {
  drawPictures,
  listStudiedModels,
  type ModelCellPlace,
  requireStudyPictures,
  type StudiedModel,
  seedOfModelTrial,
} from './grid.js';
import type { ModelTrialInput } from './making.js';
import { requirePrunable } from './prunable.js';

/** The networks and the pictures of a study. */
export interface Material {
  /** In the order in which they are studied. */
  readonly models: readonly StudiedGraph[];
  readonly train: AnyPictures;
  /** Pictures that only measure. */
  readonly test: AnyPictures;
}

interface StudiedGraph extends StudiedModel {
  readonly graph: Graph;
  /** What it expects of pixels: architectures differ. */
  readonly preprocessing: Preprocessing;
}

/** The size of pictures that a study's networks take: by one stem, all the same. */
export function inputOfStudy(config: ModelStudyConfig): MapShape {
  return graphsOfStudy(config)[0]!.graph.input;
}

/**
 * Builds a study's networks for the classes of its pictures.
 *
 * @throws bad-config, bad-data for what does not fit, as `requireStudyPictures` and `requirePrunable` do.
 */
export function materialOfStudy(
  config: ModelStudyConfig,
  source: Pick<PictureSource<AnyPictures>, 'name' | 'train' | 'test'>,
): Material {
  requireStudyPictures(config, source);
  const { train, test } = source;
  const models = graphsOfStudy(config, train.classes?.length);
  for (const { graph } of models) requirePrunable(config, graph);
  const measuring = firstPictures(test, config.testPictures ?? test.count);
  return { models, train, test: measuring };
}

function graphsOfStudy(config: ModelStudyConfig, classes?: number): readonly StudiedGraph[] {
  const { stem } = config;
  return listStudiedModels(config).map(({ architecture, width }) => {
    const options = { width, ...(stem && { stem }), ...(classes && { classes }) };
    const graph = buildArchitecture(architecture, options);
    return { architecture, width, graph, preprocessing: usualPreprocessing(graph) };
  });
}

/** The network of a trial or cell. */
export function modelOf<Model extends StudiedModel>(
  models: readonly Model[],
  { architecture, width }: StudiedModel,
): Model {
  const found = models.find((own) => own.architecture === architecture && own.width === width);
  if (found) return found;
  throw new RangeError(`The study has no ${architecture} of width ${width}.`);
}

/** @throws bad-data when the study began with other pictures. */
export async function requireSamePictures(
  config: ModelStudyConfig,
  { train }: Pick<Material, 'train'>,
  [cell]: readonly ModelStudyCell[],
  signal?: AbortSignal,
): Promise<void> {
  if (!cell) return;
  const drawn = drawPictures(train, cell.examples, seedOfModelTrial(config, cell));
  const here = await picturesChecksum(drawn, { signal });
  if (here !== cell.crc32) throw otherImages(config.data, cell.crc32, here);
}

/** The input of a trial's open places, but for what it left in an earlier session. Reads its pictures once. */
export async function modelTrialInput(
  config: ModelStudyConfig,
  { models, train, test }: Material,
  places: readonly [ModelCellPlace, ...ModelCellPlace[]],
  signal?: AbortSignal,
): Promise<ModelTrialInput> {
  const [{ iteration: _, criterion: __, ...trial }] = places;
  const seed = seedOfModelTrial(config, trial);
  const { graph, preprocessing } = modelOf(models, trial);
  const drawn = drawPictures(train, trial.examples, seed);
  return {
    config,
    trial,
    network: { graph, weights: drawWeights(graph, seed) },
    preprocessing,
    train: drawn,
    crc32: await picturesChecksum(drawn, { signal }),
    test,
    places,
  };
}

import {
  differingTraining,
  drawExamples,
  EspalierError,
  type ImageSource,
  type RunConfig,
  stateOfFiles,
  type TrialState,
} from '../../src/index.js';
import type { Brought } from './bring.js';
import type { Settings } from './settings.js';

/** A run that a person brought, as far as it has come. */
export interface Halfway {
  readonly config: RunConfig;
  readonly source: ImageSource;
  readonly state: TrialState;
}

/**
 * @param source the images of the run.
 * @throws bad-data naming the file when it is of another run; bad-config when the run has momentum,
 *   or asks for more examples than there are.
 */
export function halfwayOf(
  { config, weights, dataset }: Brought,
  source: ImageSource,
): Halfway | undefined {
  if (!config || !weights) return undefined;
  const count = source.train.count;
  if (config.examples > count) {
    throw new EspalierError(
      'bad-data',
      `${weights.name} was trained on ${config.examples} examples, but ${source.name} has ${count}: drop the images of the run with it.`,
    );
  }
  const examples = drawExamples(source, config.examples, config.seed);
  return { config, source, state: stateOfFiles(config, examples, weights, dataset) };
}

/** Whether these settings would have brought the run where it is. */
export function goesOnWith(
  halfway: Halfway,
  settings: Settings,
  source: ImageSource | undefined,
): boolean {
  return (
    source === halfway.source && !differingTraining(halfway.config, { ...settings, momentum: 0 })
  );
}

import {
  differingTraining,
  drawExamples,
  EspalierError,
  type ImageSource,
  RUN_FILES,
  type RunConfig,
  type StartingState,
  stateOfFiles,
} from '../../src/index.js';
import type { Brought } from './bring.js';
import { type Found, foundFromText } from './found.js';
import type { Settings } from './settings.js';

/** A run that the person brought, and the state from which it can go on. */
export interface Halfway {
  readonly config: RunConfig;
  readonly source: ImageSource;
  readonly state: StartingState;
  /** What its file says was found, until it is found here. */
  readonly curve?: Curve;
}

interface Curve {
  readonly by: Settings;
  readonly found: Found;
}

/**
 * Random draws that may be repeated. A run that goes on first repeats the draws of all its earlier
 * batches, to bring its random stream to where it was. A draw takes tens of nanoseconds, and the
 * tab is frozen meanwhile.
 */
const MOST_DRAWN = 50_000_000;

/**
 * The state from which a brought run goes on; undefined when no weights were brought.
 *
 * @param source the images of the run.
 * @throws bad-data naming the file when its weights are of another run, or have seen more
 *   iterations than this page can go on from; bad-config when the run has momentum.
 */
export function halfwayPoint(
  { config, weights, dataset, events }: Brought,
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
  const state = stateOfFiles(config, examples, { weights, dataset, events });
  const most = Math.floor(MOST_DRAWN / (config.batch === 'full' ? 1 : config.batch));
  if (state.iteration > most) {
    throw new EspalierError(
      'bad-data',
      `${weights.name} is past the ${most} iterations of batch ${config.batch} from which this page can go on: go on with the command line, espalier run --from and its folder.`,
    );
  }
  return { config, source, state };
}

/** Whether a run with these settings would have come to the same weights. */
export function goesOnWith(
  halfway: Halfway,
  settings: Settings,
  source: ImageSource | undefined,
): boolean {
  return (
    source === halfway.source && !differingTraining(halfway.config, { ...settings, momentum: 0 })
  );
}

/**
 * The curve that a run's file holds.
 *
 * @param settings those of the run.
 * @param trained the steps that its newest weights have had.
 * @throws bad-data where no run of these settings could have found that by then.
 */
export function curveOfFile(text: string, settings: Settings, trained: number): Curve {
  try {
    const iterations = Math.min(settings.iterations, trained);
    return { by: settings, found: foundFromText(text, { ...settings, iterations }) };
  } catch (cause) {
    throw new EspalierError(
      'bad-data',
      `${RUN_FILES.curve} does not hold what a run with these settings can find, so its curve is not shown. Go on finds it anew.`,
      { cause },
    );
  }
}

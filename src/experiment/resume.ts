import { z } from 'zod';
import { imagesChecksum } from '../data/images.js';
import { EspalierError } from '../errors.js';
import { decodeMetadata, decodeSafetensors } from '../formats/safetensors.js';
import { decodeSealed } from '../formats/sealed.js';
import { parseJson } from '../json.js';
import type { TwoLayerShape } from '../models/two-layer.js';
import { quoted } from '../text.js';
import { type Examples, networkShape } from './examples.js';
import type { RunConfig } from './run-config.js';
import type { StartingState } from './run-events.js';
import { CHECKSUM, ITERATION, type RunFile, weightsIteration } from './run-files.js';
import { networkIn, type TrainedState } from './state.js';

/** Keys that decide what pre-training does at each iteration, given the images. */
const PRETRAINING_KEYS = [
  'task',
  'examples',
  'width',
  'activation',
  'batch',
  'learningRate',
  'momentum',
  'loss',
  'seed',
] as const satisfies readonly (keyof RunConfig)[];

/**
 * The settings that decide what pre-training does with the images.
 *
 * @interface
 */
export type PretrainingSettings = Pick<RunConfig, (typeof PRETRAINING_KEYS)[number]>;

/** The first key by which two configurations would train the same images differently. */
export function differingTraining(
  one: PretrainingSettings,
  other: PretrainingSettings,
): keyof PretrainingSettings | undefined {
  return PRETRAINING_KEYS.find((key) => one[key] !== other[key]);
}

/** The name or path of the `weights-<t>.safetensors` with the most iterations. */
export function newestWeights(names: readonly string[]): string | undefined {
  return names
    .filter((name) => weightsIteration(name) !== undefined)
    .toSorted((a, b) => fileIteration(a) - fileIteration(b))
    .at(-1);
}

/** What a run's folder holds to go on from. */
export interface KeptFiles {
  /** `weights-<t>.safetensors`. */
  readonly weights: RunFile;
  /** `dataset.safetensors`. Without a checksum it tells only the examples' places in the source. */
  readonly dataset?: RunFile | undefined;
  /** `events.jsonl`. */
  readonly events?: RunFile | undefined;
}

/**
 * The state that a run's files keep. The file's name gives the iterations done, the record of that
 * checkpoint the seconds that they took. The files hold no momentum: only a run without momentum can
 * go on from them.
 *
 * @param config the configuration of the run that wrote them.
 * @param examples those that its configuration draws.
 * @throws bad-config when the run has momentum; bad-data naming the file when its tensors are not
 *   the network of that configuration, or the examples are not the run's.
 */
export function stateOfFiles(
  config: RunConfig,
  examples: Examples,
  { weights, dataset, events }: KeptFiles,
): StartingState {
  if (config.momentum !== 0) {
    throw new EspalierError(
      'bad-config',
      `The run cannot go on from ${weights.name}: its momentum is ${config.momentum}, and the files of a run hold weights only. Run it again from the start, or without momentum.`,
    );
  }
  if (dataset) requireSameExamples(config.data, dataset, examples);
  const { name, bytes } = weights;
  const shape = networkShape(config, examples);
  const { tensors, metadata } = decodeSealed(bytes, name);
  const network = networkIn(tensors, shape, (expected, found) =>
    mismatch(name, `the network of its configuration: expected ${expected}, found ${found}`),
  );
  const iteration = fileIteration(name);
  // Files of others say it in their names alone.
  const within = metadata.get(ITERATION) ?? `${iteration}`;
  if (within !== `${iteration}`) {
    throw mismatch(name, `weights of iteration ${iteration}: it says ${quoted(within)} itself.`);
  }
  const seconds = events && secondsAt(events, iteration);
  return { iteration, network, ...(seconds !== undefined && { figures: { seconds } }) };
}

/**
 * @throws bad-config when the state is past the run's end; bad-data when it is of another network.
 */
export function requireGoesOn(
  { iterations }: RunConfig,
  shape: TwoLayerShape,
  { iteration, network }: TrainedState,
): void {
  if (iteration > iterations) {
    throw new EspalierError('bad-config', {
      kind: 'value',
      key: 'iterations',
      given: iterations,
      allowed: `${iteration} or more`,
      because: 'the weights to go on from have as many behind them',
    });
  }
  const keys = ['width', 'inputs', 'outputs', 'activation'] as const;
  const differing = keys.find((key) => network[key] !== shape[key]);
  if (differing === undefined) return;
  throw new EspalierError(
    'bad-data',
    `The state to go on from is of another network: expected ${differing} ${shape[differing]}, found ${network[differing]}.`,
  );
}

const checkpointSchema = z.object({
  type: z.enum(['checkpoint', 'interrupted']),
  iteration: z.int(),
  figures: z.object({ seconds: z.number().nonnegative() }),
});

/**
 * Seconds of pre-training by the last record up to an iteration: a kill can come between a file and
 * its record, and in the middle of a line.
 */
function secondsAt({ bytes }: RunFile, iteration: number): number | undefined {
  const records = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((line) => {
      try {
        return checkpointSchema.safeParse(parseJson(line)).data ?? [];
      } catch {
        return [];
      }
    });
  return records.findLast((record) => record.iteration <= iteration)?.figures.seconds;
}

function requireSameExamples(
  data: string,
  { name, bytes }: RunFile,
  { source, indices, train }: Examples,
): void {
  const places = decodeSafetensors(bytes, name).get('train');
  if (places?.data.join() !== indices.join()) {
    throw mismatch(
      name,
      `the ${indices.length} examples that its configuration draws from ${source}. Are they the data that the run was trained on, ${data}?`,
    );
  }
  const then = decodeMetadata(bytes, name).get(CHECKSUM);
  const now = imagesChecksum(train);
  if (then === undefined || then === now) return;
  throw new EspalierError(
    'bad-data',
    `${name} is of other images or labels than ${source} holds (checksum ${then}, here ${now}). Go on with the data that the run was trained on, ${data}.`,
  );
}

function mismatch(file: string, what: string): EspalierError {
  return new EspalierError('bad-data', `${file} does not hold ${what}`);
}

/** @throws bad-data when it is no such name. */
function fileIteration(name: string): number {
  const iteration = weightsIteration(name);
  if (iteration !== undefined) return iteration;
  throw new EspalierError(
    'bad-data',
    `${name} does not say how many iterations its weights have had: expected a name such as weights-500.safetensors.`,
  );
}

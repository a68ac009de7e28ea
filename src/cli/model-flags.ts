import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PREPROCESSINGS, type Preprocessing } from '../data/pictures.js';
import { EspalierError, errorMessage } from '../errors.js';
import { loadModel, type Model } from '../experiment/model/model.js';
import { namesBeside } from '../formats/networks.js';
import type { InputSize } from '../formats/onnx/ends.js';
import { ARCHITECTURES, STEMS, type Stem } from '../models/architectures.js';
import { readIfThere } from './files.js';
import { numbers } from './flags.js';

const PRESETS = Object.keys(PREPROCESSINGS);

/** How a file of weights alone is to be understood, and what the network expects of pixels. */
export interface ModelFlags {
  readonly architecture?: string;
  readonly stem?: Stem;
  readonly inputSize?: InputSize;
  readonly mean?: readonly (number | string)[];
  readonly std?: readonly (number | string)[];
}

/** Their keys. */
export const MODEL_FLAGS: readonly string[] = [
  'architecture',
  'stem',
  'inputSize',
  'mean',
  'std',
] satisfies readonly (keyof ModelFlags)[];

/** The files that a model may be. */
export const MODEL_FILES =
  '.onnx, Keras’s .h5, TensorFlow.js’s model.json, or weights: .safetensors, or PyTorch’s .pth, .pt or .th';

/** The flags that say which network a file of weights is of. */
function addArchitectureFlags(
  command: Command,
  what = 'of a file that holds weights alone',
): Command {
  const names = ARCHITECTURES.map(({ name }) => name);
  return command
    .addOption(new Option('--architecture <name>', what).choices(names))
    .addOption(new Option('--stem <name>', 'of resnet18 and resnet34').choices(STEMS));
}

function inputSize(text: string): InputSize {
  const [height, width, ...others] = text.split(',').map(Number);
  const sides = [height, width].every((side) => Number.isInteger(side) && Number(side) > 0);
  if (sides && others.length === 0) return [Number(height), Number(width)];
  throw new InvalidArgumentError('Two whole numbers are needed, such as 224,224.');
}

/** The same, and of a network that leaves it open the size of its images. */
export function addNetworkFlags(command: Command): Command {
  const text = 'of an .onnx that leaves it open';
  return addArchitectureFlags(command).option('--input-size <height,width>', text, inputSize);
}

/** The same, and those that say what it expects of pixels. */
export function addModelFlags(command: Command): Command {
  return addNetworkFlags(command)
    .option('--mean <numbers>', `of the pixels, by channel, or ${PRESETS.join(', ')}`, numbers)
    .option('--std <numbers>', 'of the pixels, by channel, or one of the same names', numbers);
}

/** @throws bad-data naming the file. */
export async function readModel(
  file: string,
  { architecture, stem, inputSize }: ModelFlags,
): Promise<Model> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new EspalierError('bad-data', `${file} cannot be read: ${errorMessage(cause)}.`, {
      cause,
    });
  });
  const beside = await readBeside(bytes, file);
  return loadModel(bytes, file, { architecture, stem, beside, inputSize });
}

/** The files that a network keeps tensors in; where one is missing, reading the network says so. */
async function readBeside(
  bytes: Uint8Array,
  file: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of namesBeside(bytes, file)) {
    const found = await readIfThere(join(dirname(file), name));
    if (found) files.set(name, found);
  }
  return files;
}

/** @throws bad-config when mean or deviation are neither numbers nor a preset's name. */
export function choosePreprocessing(
  { mean, std }: ModelFlags,
  { preprocessing: usual }: Model,
): Preprocessing {
  return {
    mean: channelValues('mean', mean, (preset) => preset.mean) ?? usual.mean,
    deviation: channelValues('std', std ?? mean, (preset) => preset.deviation) ?? usual.deviation,
  };
}

function channelValues(
  key: 'mean' | 'std',
  given: readonly (number | string)[] | undefined,
  ofPreset: (preset: Preprocessing) => readonly number[],
): readonly number[] | undefined {
  if (!given) return undefined;
  const [first] = given;
  const preset = PRESETS.find((name) => name === first) as keyof typeof PREPROCESSINGS | undefined;
  if (preset !== undefined && given.length === 1) return ofPreset(PREPROCESSINGS[preset]);
  if (given.every((value) => typeof value === 'number')) return given as readonly number[];
  throw new EspalierError('bad-config', {
    kind: 'value',
    key,
    given: given.join(','),
    allowed: `numbers with commas, one a channel, or one of ${PRESETS.join(', ')}`,
  });
}

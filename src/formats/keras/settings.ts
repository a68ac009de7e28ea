import { EspalierError } from '../../errors.js';
import { quoted } from '../../text.js';
import type { Drawing, Drawn, DrawnWindow, LayerTensor } from '../onnx/channels-last.js';
import type { KerasLayer } from './layers.js';

/** A layer, and the file that it is from, for what is said of it. */
export interface LayerPlace {
  readonly file: string;
  readonly layer: KerasLayer;
}

/** A layer with what it reads. */
export interface LayerReading extends LayerPlace {
  readonly drawing: Drawing;
  readonly inputs: readonly [Drawn, ...Drawn[]];
  /** A tensor of the layer by its last word, such as `kernel`. */
  readonly tensor: (role: string) => LayerTensor | undefined;
  /** Version 3 of Keras means another hard-sigmoid. */
  readonly keras3: boolean;
}

/** @throws EspalierError `bad-network` where it is no whole number from 1 on. */
export function wholeSetting(place: LayerPlace, key: string, otherwise?: number): number {
  const value = place.layer.config[key] ?? otherwise;
  if (isWhole(value)) return value;
  throw unfit(place, key, 'a whole number from 1 on');
}

/** @throws EspalierError `bad-network` where it is no finite number. */
export function numberSetting(place: LayerPlace, key: string, otherwise?: number): number {
  const value = place.layer.config[key] ?? otherwise;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw unfit(place, key, 'a number');
}

/** A number, or one a channel, however deep in lists. */
export function numbersSetting(place: LayerPlace, key: string, otherwise: number): Float32Array {
  const value: unknown = place.layer.config[key] ?? otherwise;
  const list: readonly unknown[] = (Array.isArray(value) ? value : [value]).flat(4);
  if (list.length === 0 || !list.every((own) => typeof own === 'number')) {
    throw unfit(place, key, 'a number, or one a channel');
  }
  return Float32Array.from(list as readonly number[]);
}

/** @throws EspalierError `bad-network` where it is not true or false. */
export function flagSetting(place: LayerPlace, key: string, otherwise: boolean): boolean {
  const value = place.layer.config[key] ?? otherwise;
  if (typeof value === 'boolean') return value;
  throw unfit(place, key, 'true or false');
}

/** One of some words. */
function wordSetting<Word extends string>(
  place: LayerPlace,
  key: string,
  [otherwise, ...others]: readonly [Word, ...Word[]],
): Word {
  const value = place.layer.config[key] ?? otherwise;
  const known = [otherwise, ...others].find((word) => word === value);
  if (known !== undefined) return known;
  throw unfit(place, key, [otherwise, ...others].map((word) => `"${word}"`).join(' or '));
}

/** Two whole numbers, or one for both. */
function pairSetting(
  place: LayerPlace,
  key: string,
  otherwise?: readonly [number, number],
): readonly [number, number] {
  const value = place.layer.config[key] ?? otherwise;
  const [rows, columns, ...more] = Array.isArray(value) ? (value as unknown[]) : [value, value];
  if (isWhole(rows) && isWhole(columns) && more.length === 0) return [rows, columns];
  throw unfit(place, key, 'two whole numbers from 1 on');
}

/** A window: `kernel_size` of filters, `pool_size` of pools. */
export function windowSetting(place: LayerPlace, key: 'kernel_size' | 'pool_size'): DrawnWindow {
  requireChannelsLast(place);
  const kernel = pairSetting(place, key, key === 'pool_size' ? [2, 2] : undefined);
  const strides = pairSetting(place, 'strides', key === 'pool_size' ? kernel : [1, 1]);
  const dilation = pairSetting(place, 'dilation_rate', [1, 1]);
  if (dilation.some((step) => step !== 1)) throw unfit(place, 'dilation_rate', '1');
  return {
    kernel,
    strides,
    padding: wordSetting<'valid' | 'same'>(place, 'padding', ['valid', 'same']),
  };
}

/** @throws EspalierError `bad-network` for a layer whose maps have their channels first. */
export function requireChannelsLast(place: LayerPlace): void {
  wordSetting(place, 'data_format', ['channels_last']);
}

/** An error that names file, layer and setting. */
export function unfit(place: LayerPlace, key: string, allowed: string): EspalierError {
  const given = JSON.stringify(place.layer.config[key]) ?? 'nothing';
  return refusedLayer(place, `has ${key} ${quoted(given)}, where ${allowed} is known`);
}

/** An error that names file and layer. */
export function refusedLayer({ file, layer }: LayerPlace, problem: string): EspalierError {
  const { name, className } = layer;
  return new EspalierError(
    'bad-network',
    `The layer ${quoted(name)} (${quoted(className)}) in ${file} ${problem}.`,
  );
}

/** A number that no layer in use comes near. */
const MOST = 2 ** 20;

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST;
}

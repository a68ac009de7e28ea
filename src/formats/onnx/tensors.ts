import {
  TensorProto_DataType as DataType,
  type TensorProto,
  TensorProto_DataLocation,
} from 'onnx-buf';
import { EspalierError } from '../../errors.js';
import { packHalves } from '../../half.js';
import { quoted } from '../../text.js';
import { decodeFloats, decodeIntegers } from '../elements.js';

/** Numbers of a tensor, row-major: of floating-point types as float32, of others as they are. */
export type Numbers = Float32Array | Float64Array;

/** How many bytes one element takes, of the types whose numbers are read. */
const ELEMENT_BYTES: Readonly<Partial<Record<DataType, number>>> = {
  [DataType.FLOAT]: 4,
  [DataType.FLOAT16]: 2,
  [DataType.BFLOAT16]: 2,
  [DataType.DOUBLE]: 8,
  [DataType.INT64]: 8,
  [DataType.INT32]: 4,
  [DataType.BOOL]: 1,
  [DataType.UINT8]: 1,
  [DataType.INT8]: 1,
};

/** Whether numbers of a type can be a network's weights. */
export function isFloating(type: number): boolean {
  return [DataType.FLOAT, DataType.FLOAT16, DataType.BFLOAT16, DataType.DOUBLE].includes(type);
}

/** Files that a tensor's data may lie in, by the names that it has for them. */
export type ExternalFiles = ReadonlyMap<string, Uint8Array>;

/** What surrounds a tensor in its file. */
export interface TensorPlace {
  readonly file: string;
  readonly external: ExternalFiles;
}

/**
 * A tensor's sizes.
 *
 * @throws EspalierError `bad-data` when one is negative or no machine holds so many elements.
 */
export function sizesOfTensor({ name, dims }: TensorProto, file: string): readonly number[] {
  const sizes = dims.map(Number);
  const count = sizes.reduce((product, size) => product * size, 1);
  if (sizes.every((size) => size >= 0) && Number.isSafeInteger(count)) return sizes;
  throw broken(file, name, `has the sizes [${sizes.join(', ')}], which no machine holds`);
}

/** Whether the numbers of a tensor can be read at all: strings, for one, cannot. */
export function hasNumbers({ dataType }: TensorProto): boolean {
  return ELEMENT_BYTES[dataType as DataType] !== undefined;
}

/**
 * A tensor's numbers, whether they lie in it raw or typed, or in another file.
 *
 * @throws EspalierError `bad-data` naming the file and the tensor, where there are more or fewer than
 * its sizes say, or another file that they lie in is missing.
 */
export function numbersOfTensor(tensor: TensorProto, { file, external }: TensorPlace): Numbers {
  const { name, dataType } = tensor;
  const count = sizesOfTensor(tensor, file).reduce((product, size) => product * size, 1);
  const bytes = rawBytes(tensor, { file, external });
  if (bytes === undefined) return typedNumbers(tensor, count, file);
  const needed = count * (ELEMENT_BYTES[dataType as DataType] ?? Number.NaN);
  if (bytes.length !== needed) {
    throw broken(file, name, `takes ${needed} bytes by its sizes, but has ${bytes.length}`);
  }
  return rawNumbers(bytes, dataType);
}

function rawNumbers(bytes: Uint8Array, type: number): Numbers {
  switch (type) {
    case DataType.FLOAT:
      return decodeFloats(bytes, 'F32');
    case DataType.FLOAT16:
      return decodeFloats(bytes, 'F16');
    case DataType.BFLOAT16:
      return decodeFloats(bytes, 'BF16');
    case DataType.DOUBLE:
      return decodeFloats(bytes, 'F64');
    case DataType.INT64:
      return Float64Array.from(decodeIntegers(bytes), Number);
    case DataType.INT32:
      return Float64Array.from(new Int32Array(new Uint8Array(bytes).buffer));
    case DataType.INT8:
      return Float64Array.from(new Int8Array(bytes));
    default:
      return Float64Array.from(bytes);
  }
}

function typedNumbers(tensor: TensorProto, count: number, file: string): Numbers {
  const { name, dataType, floatData, doubleData, int32Data, int64Data } = tensor;
  const data =
    {
      [DataType.FLOAT]: floatData,
      [DataType.DOUBLE]: doubleData,
      [DataType.INT64]: int64Data,
    }[dataType as number] ?? int32Data;
  if (data.length !== count) {
    throw broken(file, name, `should have ${count} numbers by its sizes, but has ${data.length}`);
  }
  switch (dataType) {
    case DataType.FLOAT:
    case DataType.DOUBLE:
      return Float32Array.from(data, Number);
    // Their bits stand for the numbers.
    case DataType.FLOAT16:
      return decodeFloats(new Uint8Array(Uint16Array.from(int32Data).buffer), 'F16');
    case DataType.BFLOAT16:
      return decodeFloats(new Uint8Array(Uint16Array.from(int32Data).buffer), 'BF16');
    default:
      return Float64Array.from(data, Number);
  }
}

/** A tensor's data as bytes; nothing where they are typed. */
function rawBytes(tensor: TensorProto, { file, external }: TensorPlace): Uint8Array | undefined {
  const { name, rawData, dataLocation } = tensor;
  if (dataLocation !== TensorProto_DataLocation.EXTERNAL) {
    return rawData.length > 0 ? rawData : undefined;
  }
  const { location, offset, length } = externalPlace(tensor);
  const whole = external.get(location);
  if (!whole) {
    throw broken(file, name, `lies in ${location}, which is missing: put it beside the network`);
  }
  const end = length === undefined ? whole.length : offset + length;
  if (!(offset >= 0 && offset <= end && end <= whole.length)) {
    throw broken(
      file,
      name,
      `lies from byte ${offset} to ${end} of ${location}, which has ${whole.length}`,
    );
  }
  return whole.subarray(offset, end);
}

/** Where the data of a tensor lie that are not in it. */
export function externalPlace({ externalData }: TensorProto): {
  readonly location: string;
  readonly offset: number;
  readonly length: number | undefined;
} {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const length = entries.get('length');
  return {
    location: entries.get('location') ?? '',
    offset: Number(entries.get('offset') ?? 0),
    length: length === undefined ? undefined : Number(length),
  };
}

/**
 * Puts other numbers into a tensor of a floating-point type or of whole numbers, in the form that it
 * has them in.
 *
 * @throws EspalierError `bad-network` for a number beyond float16 where it is of that type.
 */
export function setNumbers(tensor: TensorProto, dims: readonly number[], numbers: Numbers): void {
  tensor.dims = dims.map(BigInt);
  const { dataType, name, floatData, doubleData, int32Data, int64Data } = tensor;
  const typed = [floatData, doubleData, int32Data, int64Data].some(({ length }) => length > 0);
  if (typed && dataType === DataType.FLOAT) tensor.floatData = Array.from(numbers);
  else if (typed && dataType === DataType.DOUBLE) tensor.doubleData = Array.from(numbers);
  else if (typed && dataType === DataType.INT64) tensor.int64Data = Array.from(numbers, BigInt);
  else if (typed && dataType === DataType.INT32) tensor.int32Data = Array.from(numbers);
  else if (typed) tensor.int32Data = Array.from(words(numbers, dataType, name));
  else tensor.rawData = bytesOfNumbers(numbers, dataType, name);
}

function bytesOfNumbers(numbers: Numbers, type: number, name: string): Uint8Array<ArrayBuffer> {
  switch (type) {
    case DataType.FLOAT:
      return new Uint8Array(Float32Array.from(numbers).buffer);
    case DataType.DOUBLE:
      return new Uint8Array(Float64Array.from(numbers).buffer);
    case DataType.INT64:
      return new Uint8Array(BigInt64Array.from(Array.from(numbers, BigInt)).buffer);
    case DataType.INT32:
      return new Uint8Array(Int32Array.from(numbers).buffer);
    default:
      return new Uint8Array(words(numbers, type, name).buffer);
  }
}

/** Numbers in 16 bits, float16 or bfloat16, to the nearest and ties to even. */
function words(numbers: Numbers, type: number, name: string): Uint16Array<ArrayBuffer> {
  if (type === DataType.BFLOAT16) {
    const bits = new Uint32Array(Float32Array.from(numbers).buffer);
    return Uint16Array.from(bits, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
  }
  const halves = new Uint16Array(packHalves(Float32Array.from(numbers)).buffer);
  const beyond = halves.indexOf(NOT_A_HALF);
  if (beyond < 0) return halves.slice(0, numbers.length);
  throw new EspalierError(
    'bad-network',
    `The tensor ${quoted(name)} is of float16, and its new number ${numbers[beyond]} lies beyond: export the network in float32.`,
  );
}

/** What stands in float16 for a number beyond it. */
const NOT_A_HALF = 0x7e00;

function broken(file: string, tensor: string, problem: string): EspalierError {
  return new EspalierError('bad-data', `The tensor ${quoted(tensor)} in ${file} ${problem}.`);
}

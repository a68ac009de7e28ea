import { TensorProto_DataType as DataType, type NodeProto } from 'onnx-buf';
import { attribute, wholeAttribute, wholesAttribute } from './attributes.js';
import { isFloating, type Numbers } from './tensors.js';

/** Where in a file a tensor stands: an initialiser, or an attribute of a node. */
export type TensorAddress =
  | { readonly in: 'initializer'; readonly at: number }
  | { readonly in: 'node'; readonly at: number; readonly attribute: number };

/** A value that does not depend on the images. */
export interface Constant {
  readonly dims: readonly number[];
  readonly type: number;
  /** NaN stands for the number of images, which only a run knows. */
  readonly numbers: () => Numbers;
  /** The tensor that it is, where it is one of the file's and not computed from some. */
  readonly address?: TensorAddress;
  /** Whether all of it is computed from the shape of a map, so that it changes along with it. */
  readonly live?: boolean;
}

/** Numbers that arithmetic is done with at most; shapes and pads have few. */
const MOST_FOLDED = 2 ** 16;

/**
 * What a node makes of constants: copies and turns of any size, and the arithmetic of shapes. Undefined
 * for what is not known, or not of one size.
 *
 * @param inputs by position, undefined where one is left out.
 */
export function foldNode(
  node: NodeProto,
  inputs: readonly (Constant | undefined)[],
): Constant | undefined {
  const [first] = inputs;
  const live = inputs.some((input) => input?.live === true);
  const made = (type: number, dims: readonly number[], numbers: readonly number[] | Numbers) =>
    constantWith(type, dims, numbers, live);
  if (!first) return undefined;
  const { dims, type } = first;
  const reshaped = (sizes: readonly number[]): Constant | undefined =>
    product(sizes) === product(dims)
      ? { dims: sizes, type, numbers: first.numbers, ...(live && { live }) }
      : undefined;
  switch (node.opType) {
    case 'Identity':
      return first;
    case 'Shape':
      // That of a weight changes with it.
      return constantWith(DataType.INT64, [dims.length], dims, live || isFloating(type));
    case 'Cast': {
      const to = wholeAttribute(node, 'to', type);
      const { numbers } = first;
      // Numbers keep their value from one floating-point type, or one of whole numbers, to another.
      if (isFloating(to) !== isFloating(type)) {
        return made(to, dims, isFloating(to) ? Float32Array.from(numbers()) : truncated(numbers()));
      }
      return { ...first, type: to };
    }
    case 'Transpose': {
      const order = wholesAttribute(node, 'perm') ?? dims.map((_, axis) => dims.length - 1 - axis);
      if (order.toSorted().join() !== dims.map((_, axis) => axis).join()) return undefined;
      const sizes = order.map((axis) => dims[axis] as number);
      return { type, dims: sizes, numbers: () => transposed(first, order), ...(live && { live }) };
    }
    case 'Reshape': {
      const wanted = inputs[1] && smallNumbers(inputs[1]);
      return wanted && reshaped(inferredSizes(wanted, dims));
    }
    case 'Flatten': {
      const axis = wholeAttribute(node, 'axis', 1);
      return reshaped([product(dims.slice(0, axis)), product(dims.slice(axis))]);
    }
    case 'Unsqueeze': {
      const axes = axesOfNode(node, inputs[1]);
      if (!axes) return undefined;
      const rank = dims.length + axes.length;
      const places = axes.map((axis) => (axis < 0 ? axis + rank : axis));
      const rest = [...dims];
      return reshaped(
        Array.from({ length: rank }, (_, axis) =>
          places.includes(axis) ? 1 : (rest.shift() ?? 1),
        ),
      );
    }
    case 'Squeeze': {
      const axes = axesOfNode(node, inputs[1])?.map((axis) =>
        axis < 0 ? axis + dims.length : axis,
      );
      return reshaped(dims.filter((size, axis) => (axes ? !axes.includes(axis) : size !== 1)));
    }
    default:
      break;
  }
  const values = inputs.map((input) => input && smallNumbers(input));
  const [numbers] = values;
  if (!numbers || values.some((own, at) => own === undefined && inputs[at] !== undefined)) {
    return undefined;
  }
  switch (node.opType) {
    case 'ConstantOfShape': {
      const count = product(numbers);
      if (!(count <= MOST_FOLDED)) return undefined;
      const fill = attribute(node, 'value')?.t;
      const filled = fill?.int64Data[0] ?? (fill && firstOfRaw(fill.rawData, fill.dataType)) ?? 0;
      const own = fill?.dataType ?? DataType.FLOAT;
      return made(
        own,
        numbers,
        Array.from({ length: count }, () => Number(filled)),
      );
    }
    case 'Concat': {
      const all = values.map((own) => own ?? []);
      const flat = inputs.every((input) => input?.dims.length === 1);
      // A number beside a computed one is the file's own, and does not follow.
      const whole = inputs.every((input) => input?.live === true);
      return flat ? constantWith(type, [all.flat().length], all.flat(), whole) : undefined;
    }
    case 'Gather': {
      const [places, indices] = [inputs[1], values[1]];
      if (!places || !indices || dims.length !== 1 || wholeAttribute(node, 'axis', 0) !== 0) {
        return undefined;
      }
      const taken = indices.map((at) => numbers[at < 0 ? at + numbers.length : at]);
      return taken.some((value) => value === undefined)
        ? undefined
        : made(type, places.dims, taken as number[]);
    }
    case 'Slice':
      return foldedSlice(node, first, numbers, values, live);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div':
      return foldedArithmetic(node.opType, [first, inputs[1]], [numbers, values[1]], live);
    default:
      return undefined;
  }
}

/** A constant of small numbers that are at hand. */
export function constantWith(
  type: number,
  dims: readonly number[],
  numbers: readonly number[] | Numbers,
  live = false,
): Constant {
  const own = numbers instanceof Float32Array ? numbers : Float64Array.from(numbers);
  return { type, dims, numbers: () => own, ...(live && { live }) };
}

/** The axes that a node names, as an attribute in older versions and as an input in newer ones. */
export function axesOfNode(
  node: NodeProto,
  input: Constant | undefined,
): readonly number[] | undefined {
  return input ? smallNumbers(input) : wholesAttribute(node, 'axes');
}

/** The numbers of a constant that has few. */
export function smallNumbers(constant: Constant): readonly number[] | undefined {
  return product(constant.dims) <= MOST_FOLDED ? [...constant.numbers()] : undefined;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

function truncated(numbers: Numbers): Float64Array {
  return Float64Array.from(numbers, Math.trunc);
}

function firstOfRaw(bytes: Uint8Array, type: number): number | undefined {
  const whole = new Uint8Array(8);
  whole.set(bytes.subarray(0, 8));
  const view = new DataView(whole.buffer);
  if (type === DataType.INT64) return Number(view.getBigInt64(0, true));
  if (type === DataType.INT32) return view.getInt32(0, true);
  return type === DataType.FLOAT ? view.getFloat32(0, true) : undefined;
}

/** Sizes as Reshape has them: 0 stays, −1 is what is left. */
function inferredSizes(wanted: readonly number[], dims: readonly number[]): readonly number[] {
  const sizes = wanted.map((size, axis) => (size === 0 ? (dims[axis] ?? 0) : size));
  const known = product(sizes.filter((size) => size !== -1));
  return sizes.map((size) => (size === -1 ? product(dims) / known : size));
}

/** The numbers of a tensor with its axes in another order. */
export function transposed<Own extends Numbers>(
  { dims, numbers }: { readonly dims: readonly number[]; readonly numbers: () => Own },
  order: readonly number[],
): Own {
  const source = numbers();
  const strides = dims.map((_, axis) => product(dims.slice(axis + 1)));
  const sizes = order.map((axis) => dims[axis] as number);
  const steps = order.map((axis) => strides[axis] as number);
  const index = sizes.map(() => 0);
  let from = 0;
  return source.map(() => {
    const value = source[from] as number;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const [size, step] = [sizes[axis] as number, steps[axis] as number];
      index[axis] = (index[axis] as number) + 1;
      from += step;
      if ((index[axis] as number) < size) break;
      from -= step * size;
      index[axis] = 0;
    }
    return value;
  }) as Own;
}

/** A slice along the first axis: what exporters turn lists of pads around with. */
function foldedSlice(
  node: NodeProto,
  { type, dims }: Constant,
  numbers: readonly number[],
  [, starts, ends, axes, steps]: readonly (readonly number[] | undefined)[],
  live: boolean,
): Constant | undefined {
  const [start] = starts ?? wholesAttribute(node, 'starts') ?? [];
  const [end] = ends ?? wholesAttribute(node, 'ends') ?? [];
  const [axis = 0] = axes ?? wholesAttribute(node, 'axes') ?? [];
  const [step = 1] = steps ?? [];
  const [rows] = dims;
  if (start === undefined || end === undefined || rows === undefined || axis !== 0 || step === 0) {
    return undefined;
  }
  const size = product(dims.slice(1));
  const least = step > 0 ? 0 : -1;
  const clamped = (at: number) =>
    Math.min(Math.max(at < 0 ? at + rows : at, least), step > 0 ? rows : rows - 1);
  const taken: number[] = [];
  let count = 0;
  for (let at = clamped(start); step > 0 ? at < clamped(end) : at > clamped(end); at += step) {
    taken.push(...numbers.slice(at * size, (at + 1) * size));
    count += 1;
  }
  return constantWith(type, [count, ...dims.slice(1)], taken, live);
}

function foldedArithmetic(
  operation: 'Add' | 'Sub' | 'Mul' | 'Div',
  [one, other]: readonly [Constant, Constant | undefined],
  [left, right]: readonly [readonly number[], readonly number[] | undefined],
  live: boolean,
): Constant | undefined {
  if (!other || !right) return undefined;
  const alike = one.dims.join() === other.dims.join();
  if (!alike && left.length !== 1 && right.length !== 1) return undefined;
  const length = alike ? left.length : Math.max(left.length, right.length);
  const whole = !isFloating(one.type);
  const values = Array.from({ length }, (_, at) => {
    const [a, b] = [left, right].map((own) => own[own.length === 1 ? 0 : at] as number) as [
      number,
      number,
    ];
    if (operation === 'Add') return a + b;
    if (operation === 'Sub') return a - b;
    if (operation === 'Mul') return a * b;
    return whole ? Math.trunc(a / b) : a / b;
  });
  return constantWith(one.type, left.length >= right.length ? one.dims : other.dims, values, live);
}

import type { Device } from '../gpu/device.js';
import { requireBinding } from '../gpu/limits.js';
import { type Matrix, readMatrix, rowStride } from '../gpu/matrix.js';
import type { Scope } from '../gpu/scope.js';
import type { BatchNorm, Convolution } from '../graph/graph.js';
import type { Shapes } from '../graph/shapes.js';
import type { Weight, Weights } from '../graph/weights.js';
import {
  packDepthwise,
  packedRows,
  packFilter,
  unpackDepthwise,
  unpackFilter,
} from '../kernels/pack-weights.js';
import { isDepthwise, type Step } from './steps.js';

/**
 * Numbers that kernels read as one matrix: a filter, a bias, or a batch norm's two vectors of a
 * kind.
 */
export interface Parameters {
  readonly value: Matrix;
  /** In training: the gradient of what is trained, laid out as `value`. */
  readonly gradient?: Matrix;
  readonly velocity?: Matrix;
  /** What `value` is of. */
  readonly kind: 'filter' | 'vectors';
  /** A matrix like `value` as PyTorch's tensors, by their names. */
  readonly read: (matrix: Matrix) => Promise<readonly (readonly [string, Weight])[]>;
}

/** By the name of their first tensor. */
export type ParameterMap = ReadonlyMap<string, Parameters>;

export interface ParameterOptions {
  readonly weights: Weights;
  /** Whether gradients, and what momentum accumulates, are allocated as well. */
  readonly trained?: boolean;
  /** What momentum has accumulated before, by the tensors' names. */
  readonly velocities?: Weights;
}

/**
 * Uploads what the steps read: filters packed for convolution, a batch norm's weight and bias as two
 * rows, and so its running mean and variance. The scope owns them.
 *
 * @throws RangeError when a tensor is missing: networks are checked before.
 */
export function uploadParameters(
  scope: Scope,
  steps: readonly Step[],
  shapes: Shapes,
  { weights, trained = false, velocities }: ParameterOptions,
): ParameterMap {
  const layouts = steps.flatMap(({ node }) => layoutsOfNode(node, shapes));
  return new Map(
    layouts.map((layout) => {
      const { names, kind, learns } = layout;
      const [name = ''] = names;
      const own = { value: matrixOfTensors(scope, layout, name, weights) };
      const slopes = trained &&
        learns && {
          gradient: matrixOfTensors(scope, layout, `gradient of ${name}`),
          velocity: matrixOfTensors(scope, layout, `velocity of ${name}`, velocities),
        };
      // A linear layer's weights have no rows and columns, though it runs as a convolution.
      const read = async (matrix: Matrix) =>
        layout.unpack(await readMatrix(matrix)).map(([own, { shape, data }]) => {
          return [own, { shape: weights.get(own)?.shape ?? shape, data }] as const;
        });
      return [name, { ...own, ...slopes, kind, read }];
    }),
  );
}

/**
 * Refuses parameters that no binding can show to a kernel, before anything is allocated.
 *
 * @throws limit-exceeded with the rows (taps and channels) of the first that is too large, and how many fit.
 */
export function requireParameters(device: Device, steps: readonly Step[], shapes: Shapes): void {
  for (const { names, rows, columns } of steps.flatMap(({ node }) => layoutsOfNode(node, shapes))) {
    requireBinding(device, `"${names[0]}"`, rows, 4 * rowStride(columns));
  }
}

/** @throws RangeError when the steps read no such tensor first. */
export function parametersNamed(parameters: ParameterMap, name: string): Parameters {
  const found = parameters.get(name);
  if (!found) throw new RangeError(`The network has no parameter "${name}".`);
  return found;
}

/** How tensors lie in one matrix. */
interface Layout {
  readonly kind: Parameters['kind'];
  readonly names: readonly string[];
  readonly rows: number;
  readonly columns: number;
  /** Whether it is trained, and not only noted. */
  readonly learns: boolean;
  readonly pack: (tensors: readonly Float32Array[]) => Float32Array;
  readonly unpack: (packed: Float32Array) => readonly (readonly [string, Weight])[];
}

function matrixOfTensors(
  scope: Scope,
  { names, rows, columns, pack }: Layout,
  label: string,
  tensors?: Weights,
): Matrix {
  if (!tensors) return scope.matrix(label, [rows, columns]);
  const data = names.map((name) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new RangeError(`There is no tensor "${name}".`);
    return tensor.data;
  });
  return scope.matrix(label, [rows, columns], { data: pack(data) });
}

function layoutsOfNode(node: Step['node'], shapes: Shapes): readonly Layout[] {
  if (node.kind === 'convolution') {
    const learns = node.frozen !== true;
    const filter = { ...layoutOfFilter(node, shapes), learns };
    if (node.bias === undefined) return [filter];
    return [filter, { ...rowsOfVectors([node.bias], node.outputs), learns }];
  }
  return node.kind === 'batch-norm' ? layoutsOfBatchNorm(node, shapes) : [];
}

function layoutsOfBatchNorm(node: BatchNorm, shapes: Shapes): readonly Layout[] {
  const channels = shapes.get(node.inputs[0] ?? '')?.channels ?? 0;
  return [
    rowsOfVectors([node.weight, node.bias], channels),
    { ...rowsOfVectors([node.mean, node.variance], channels), learns: false },
  ];
}

/** Vectors, one a row. */
function rowsOfVectors(names: readonly string[], columns: number): Layout {
  return {
    kind: 'vectors',
    names,
    rows: names.length,
    columns,
    learns: true,
    pack: (tensors) => Float32Array.from(tensors.flatMap((tensor) => [...tensor])),
    unpack: (packed) =>
      names.map((name, row) => {
        const data = packed.slice(row * columns, (row + 1) * columns);
        return [name, { shape: [columns], data }] as const;
      }),
  };
}

function layoutOfFilter(node: Convolution, shapes: Shapes): Layout {
  const { weight: name, kernel, outputs, groups } = node;
  const channels = (shapes.get(node.inputs[0] ?? '')?.channels ?? 0) / groups;
  const own = { outputs, channels, kernel };
  const depthwise = isDepthwise(node, shapes);
  const pack = (data: Float32Array) =>
    depthwise ? packDepthwise(data, outputs) : packFilter(data, own);
  const unpack = (packed: Float32Array) =>
    depthwise ? unpackDepthwise(packed, outputs) : unpackFilter(packed, own);
  const shape = [outputs, channels, ...kernel];
  return {
    kind: 'filter',
    names: [name],
    rows: depthwise ? kernel[0] * kernel[1] : packedRows(own),
    columns: outputs,
    learns: true,
    pack: ([data = new Float32Array()]) => pack(data),
    unpack: (packed) => [[name, { shape, data: unpack(packed) }]],
  };
}

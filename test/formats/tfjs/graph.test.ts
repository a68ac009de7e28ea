import { loadGraphModel } from '@tensorflow/tfjs-converter';
import type { io, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../../../src/experiment/model/model.js';
import { modelFiles } from '../../../src/experiment/model/model-files.js';
import { readTfjs } from '../../../src/formats/tfjs/read.js';
import { randomStream } from '../../../src/random.js';
import { fuzz, truncate } from '../../fuzz.js';
import { randomImages } from '../../graph/sample.js';
import { expectAgreement, expectShares, thinned } from '../onnx/agreement.js';
import { answersOf, type TfjsFixture } from './networks.js';

type Attribute = number | boolean | string | readonly number[] | readonly string[];

/** A node: name, operation, what it reads, attributes. */
type Sketched = readonly [string, string, string, Readonly<Record<string, Attribute>>?];

/** A constant of the graph: whole numbers, or a shape to draw numbers for. */
type Constant = { readonly shape: readonly number[]; readonly wholes?: readonly number[] };

/** Attributes that are whole numbers and not of floating point. */
function attributeOf(value: Attribute) {
  if (typeof value === 'number') return { f: value };
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'string') return { s: btoa(value) };
  return typeof value[0] === 'string'
    ? { list: { s: (value as readonly string[]).map((own) => btoa(own)) } }
    : { list: { i: value.map(String) } };
}

function graphFile(
  nodes: readonly Sketched[],
  constants: Readonly<Record<string, Constant>>,
): TfjsFixture {
  const stream = randomStream(5, 'graph');
  const parts: Uint8Array[] = [];
  const weights = Object.entries(constants).map(([name, { shape, wholes }]) => {
    const count = shape.reduce((all, size) => all * size, 1);
    const spread = Math.sqrt(Math.max(1, count / (shape.at(-1) ?? 1)));
    const positive = name.endsWith('variance');
    const draw = () => (positive ? 0.5 + stream.uniform() : stream.normal() / spread);
    const data = wholes ? Int32Array.from(wholes) : Float32Array.from({ length: count }, draw);
    parts.push(new Uint8Array(data.buffer));
    return { name, shape, dtype: wholes ? 'int32' : 'float32' };
  });
  const node = [
    {
      name: 'images',
      op: 'Placeholder',
      attr: {
        dtype: { type: 'DT_FLOAT' },
        shape: { shape: { dim: ['-1', '8', '7', '3'].map((size) => ({ size })) } },
      },
    },
    // As converters do, in no order that anything follows from.
    ...nodes.toReversed().map(([name, op, input, attributes = {}]) => ({
      name,
      op,
      input: input.split(' '),
      attr: {
        T: { type: 'DT_FLOAT' },
        ...Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]),
        ),
      },
    })),
    ...weights.map(({ name, dtype }) => ({
      name,
      op: 'Const',
      attr: { dtype: { type: dtype === 'int32' ? 'DT_INT32' : 'DT_FLOAT' } },
    })),
  ];
  const json = {
    format: 'graph-model',
    modelTopology: { node, versions: { producer: 440 } },
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  return {
    bytes: new TextEncoder().encode(JSON.stringify(json)),
    beside: new Map([['weights.bin', new Uint8Array(Buffer.concat(parts))]]),
  };
}

const SAME = {
  strides: [1, 1, 1, 1],
  dilations: [1, 1, 1, 1],
  padding: 'SAME',
  data_format: 'NHWC',
};
const FUSED = { num_args: 1, epsilon: 1e-3 };

/** Every operation that is known, as a converter leaves them. */
function sample(): TfjsFixture {
  return graphFile(
    [
      ['centred', 'Sub', 'images mean'],
      ['scaled', 'Mul', 'centred scale'],
      [
        'a',
        '_FusedConv2D',
        'scaled a.w a.b',
        { ...SAME, ...FUSED, fused_ops: ['BiasAdd', 'Relu6'] },
      ],
      ['d', 'DepthwiseConv2dNative', 'a d.w', { ...SAME, strides: [1, 2, 2, 1] }],
      [
        'n',
        'FusedBatchNormV3',
        'd n.w n.b n.mean n.variance',
        { epsilon: 1e-3, data_format: 'NHWC', is_training: false },
      ],
      ['r', 'Relu', 'n'],
      ['padded', 'Pad', 'r pads'],
      ['b', 'Conv2D', 'padded b.w', { ...SAME, padding: 'VALID' }],
      ['b1', 'BiasAdd', 'b b.b', { data_format: 'NHWC' }],
      ['s', 'AddV2', 'b1 r'],
      ['p', 'MaxPool', 's', { ...SAME, ksize: [1, 2, 2, 1] }],
      ['q', 'AvgPool', 's', { ...SAME, ksize: [1, 3, 3, 1] }],
      ['both', 'ConcatV2', 'p q axis', { N: 2 }],
      [
        'e',
        'FusedDepthwiseConv2dNative',
        'both e.w e.b',
        { ...SAME, ...FUSED, fused_ops: ['BiasAdd', 'Relu'] },
      ],
      ['f', 'Conv2D', 'e f.w', { ...SAME, padding: 'VALID' }],
      ['m', 'Mean', 'f axes', { keep_dims: true }],
      ['g', 'Sigmoid', 'm'],
      ['gated', 'Mul', 'f g'],
      ['shape', 'Shape', 'gated'],
      ['count', 'StridedSlice', 'shape zero one one', { shrink_axis_mask: 1 }],
      ['rows', 'Pack', 'count minus', { N: 2 }],
      ['flat', 'Reshape', 'gated rows'],
      ['h', '_FusedMatMul', 'flat h.w h.b', { ...FUSED, fused_ops: ['BiasAdd', 'Relu'] }],
      ['logits', 'MatMul', 'h o.w', { transpose_a: false, transpose_b: false }],
      ['shares', 'Softmax', 'logits'],
      ['Identity', 'Identity', 'shares'],
    ],
    {
      mean: { shape: [3] },
      scale: { shape: [] },
      'a.w': { shape: [3, 3, 3, 6] },
      'a.b': { shape: [6] },
      'd.w': { shape: [3, 3, 6, 1] },
      'n.w': { shape: [6] },
      'n.b': { shape: [6] },
      'n.mean': { shape: [6] },
      'n.variance': { shape: [6] },
      pads: { shape: [4, 2], wholes: [0, 0, 1, 0, 0, 2, 0, 0] },
      'b.w': { shape: [2, 3, 6, 6] },
      'b.b': { shape: [6] },
      axis: { shape: [], wholes: [-1] },
      'e.w': { shape: [3, 3, 12, 1] },
      'e.b': { shape: [12] },
      'f.w': { shape: [2, 1, 12, 5] },
      axes: { shape: [2], wholes: [1, 2] },
      zero: { shape: [1], wholes: [0] },
      one: { shape: [1], wholes: [1] },
      minus: { shape: [], wholes: [-1] },
      'h.w': { shape: [60, 7] },
      'h.b': { shape: [7] },
      'o.w': { shape: [7, 3] },
    },
  );
}

test('a graph model has TensorFlow.js’s answers, and its ONNX file ONNX Runtime’s, cut or not', async () => {
  const files = sample();
  const model = loadModel(files.bytes, 'graph/model.json', files);
  const { network } = model;
  const images = randomImages(network.graph, 2);
  const { modelTopology, weightsManifest } = JSON.parse(new TextDecoder().decode(files.bytes)) as {
    modelTopology: object;
    weightsManifest: { weights: io.WeightsManifestEntry[] }[];
  };
  const artifacts: io.ModelArtifacts = {
    modelTopology,
    weightSpecs: weightsManifest[0]!.weights,
    weightData: new Uint8Array(files.beside.get('weights.bin')!).buffer,
  };
  const theirs = await loadGraphModel({ load: async () => artifacts });
  expectShares(
    network,
    images,
    answersOf((maps) => theirs.predict(maps) as Tensor, images),
  );
  await expectAgreement(network, modelFiles(model, 'net.onnx').bytes, { shares: true });
  const cut = thinned(network);
  const smaller = modelFiles({ ...model, network: cut }, 'net.onnx').bytes;
  await expectAgreement(cut, smaller, { shares: true });
});

/** A convolution and its mean, with a node in between. */
function plain(...more: readonly Sketched[]): TfjsFixture {
  const nodes: readonly Sketched[] = [
    ['a', 'Conv2D', 'images a.w', SAME],
    ...more,
    ['m', 'Mean', `${more.at(-1)?.[0] ?? 'a'} axes`, { keep_dims: false }],
  ];
  return graphFile(nodes, {
    'a.w': { shape: [1, 1, 3, 4] },
    axes: { shape: [2], wholes: [1, 2] },
  });
}

describe('what cannot be read is refused by what is wrong with it:', () => {
  test.each([
    [
      'an operation',
      plain(['x', 'Mine', 'a']),
      /node "x" \("Mine"\) in the-file is of an operation/,
    ],
    ['a cycle', plain(['x', 'AddV2', 'a y'], ['y', 'Relu', 'x']), /"[xym]" depends on itself/],
    ['a name that nothing gives', plain(['x', 'AddV2', 'a z']), /reads "z", which is not there/],
    [
      'channels first',
      plain(['x', 'MaxPool', 'a', { ...SAME, data_format: 'NCHW' }]),
      /node "x" \("MaxPool"\) in the-file has its channels first/,
    ],
    [
      'a window with holes',
      plain(['x', 'Conv2D', 'a a.w', { ...SAME, dilations: [1, 2, 2, 1] }]),
      /has holes in its window/,
    ],
  ])('%s', (_, { bytes, beside }, message) => {
    expect(() => loadModel(bytes, 'the-file', { beside })).toThrow(message);
  });
});

test('a damaged graph is refused, or read as a network that can be cut', () => {
  const { bytes, beside } = plain(['x', 'Relu', 'a']);
  const read = (mutant: Uint8Array, file: string) => readTfjs(mutant, file, beside);
  truncate(bytes, read);
  fuzz(bytes, read, ({ network }) => {
    expect(thinned(network).weights.size).toBeGreaterThan(0);
  });
});

import { clearField, create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
} from 'onnx-buf';
import { expect, test } from 'vitest';
import { externalFiles } from '../../../src/formats/onnx/external.js';
import { recordedSizes } from '../../../src/formats/onnx/proto.js';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { cutNetwork } from '../../../src/graph/cut.js';
import { findUnits, uncuttableText } from '../../../src/graph/units.js';
import { packHalves } from '../../../src/half.js';
import { expectAgreement, expectRoundTrip, thinned } from './agreement.js';
import {
  floats,
  type Sketch,
  sketchedFile,
  sketchedModel,
  valueInfo,
  weights,
  wholes,
} from './graphs.js';

/** Two convolutions and a linear layer. */
const PLAIN: Sketch = {
  nodes: [
    ['Conv', 'x w b', 'a', { pads: [1, 1, 1, 1] }],
    ['Relu', 'a', 'r'],
    ['Conv', 'r w2 b2', 'c', { strides: [2, 2] }],
    ['GlobalAveragePool', 'c', 'g'],
    ['Flatten', 'g', 'f'],
    ['Gemm', 'f v c2', 'logits', { transB: 1 }],
  ],
  tensors: {
    c2: weights(4),
    w: weights(6, 3, 3, 3),
    b: weights(6),
    w2: weights(9, 6, 3, 3),
    b2: weights(9),
    v: weights(4, 9),
  },
};

const graphOf = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes).graph!;
const sizesOf = (bytes: Uint8Array) =>
  Object.fromEntries(graphOf(bytes).initializer.map(({ name, dims }) => [name, dims.map(Number)]));

test('nothing changes but tensors, and what is not read by anybody stays', async () => {
  const tensors = { ...PLAIN.tensors, ghost: weights(6, 2) };
  const { onnx, written } = await expectRoundTrip(sketchedFile({ ...PLAIN, tensors }));
  const [before, after] = [onnx.bytes, written].map((bytes) => fromBinary(ModelProtoSchema, bytes));
  expect({ ...after, graph: { ...after!.graph, initializer: [] } }).toEqual({
    ...before,
    graph: { ...before!.graph, initializer: [] },
  });
  expect(sizesOf(written)).toEqual({
    c2: [4],
    w: [4, 3, 3, 3],
    b: [4],
    w2: [6, 4, 3, 3],
    b2: [6],
    v: [4, 6],
    ghost: [6, 2],
  });
  expect(written.length).toBeLessThan(onnx.bytes.length);
});

test('shapes recorded for values, and of weights listed as inputs, are those that there are then', async () => {
  const model = sketchedModel({
    ...PLAIN,
    ir: 3,
    opset: 8,
    recorded: { a: ['n', 6, 8, 8], r: [1, 6, 8, 8], c: ['n', 9, 3, 3], f: ['n', 9] },
  });
  const graph = model.graph!;
  for (const { name, dims } of graph.initializer)
    graph.input.push(valueInfo(name, dims.map(Number)));
  const { written } = await expectRoundTrip(toBinary(ModelProtoSchema, model));
  const { valueInfo: values, input, initializer } = graphOf(written);
  const told = [...values, ...input].map(({ name, type }) => {
    const tensor = type?.value.case === 'tensorType' ? type.value.value : undefined;
    return [name, tensor?.shape?.dim.map(({ value }) => value.value)];
  });
  expect(Object.fromEntries(told)).toEqual({
    x: ['n', 3n, 8n, 8n],
    a: ['n', 4n, 8n, 8n],
    r: [1n, 4n, 8n, 8n],
    c: ['n', 6n, 3n, 3n],
    f: ['n', 6n],
    ...Object.fromEntries(initializer.map(({ name, dims }) => [name, dims])),
  });
});

test('a tensor that two nodes read, directly and through Identity, is parted where their cuts differ', async () => {
  const shared: Sketch = {
    nodes: [
      ['Identity', 'b', 'same'],
      ['Conv', 'x w b', 'a', { pads: [1, 1, 1, 1] }],
      ['Relu', 'a', 'r'],
      ['Conv', 'r w2 same', 'c', { pads: [1, 1, 1, 1] }],
      ['Relu', 'c', 's'],
      ['Conv', 's w2', 'd', { pads: [1, 1, 1, 1] }],
      ['Add', 'd s', 'e'],
      ['GlobalAveragePool', 'e', 'g'],
      ['Flatten', 'g', 'f'],
      ['Gemm', 'f v', 'logits', { transB: 1 }],
    ],
    tensors: { w: weights(6, 3, 3, 3), b: weights(6), w2: weights(6, 6, 3, 3), v: weights(4, 6) },
  };
  const { network, onnx, written } = await expectRoundTrip(sketchedFile(shared));
  // Cut alike, the bias stays one tensor.
  expect(sizesOf(written)).toEqual({ w: [4, 3, 3, 3], b: [4], w2: [4, 4, 3, 3], v: [4, 4] });
  const [unit] = findUnits(network.graph).units;
  const cut = cutNetwork(network, [{ unit: unit!, kept: [0, 5] }]);
  const parted = writeOnnx(onnx, cut, 'data').bytes;
  await expectAgreement(cut, parted);
  expect(sizesOf(parted)).toEqual({
    w: [2, 3, 3, 3],
    b: [6],
    w2: [6, 6, 3, 3],
    v: [4, 6],
    w2_pruned: [6, 2, 3, 3],
    b_pruned: [2],
  });
});

test('float16 weights, cast to float32, stay what they are', async () => {
  const half = (tensor: ReturnType<typeof weights>) => ({
    ...tensor,
    dataType: DataType.FLOAT16,
    rawData: new Uint8Array(
      packHalves(new Float32Array(tensor.rawData.slice().buffer)).buffer,
      0,
      tensor.rawData.length / 2,
    ).slice(),
  });
  const sketch: Sketch = {
    nodes: [
      ['Cast', 'w16', 'w', { to: 1 }],
      ['Cast', 'v16', 'v', { to: 1 }],
      ['Conv', 'x w', 'a'],
      ['Relu', 'a', 'r'],
      ['ReduceMean', 'r', 'g', { axes: [2, 3], keepdims: 0 }],
      ['MatMul', 'g v', 'logits'],
    ],
    tensors: { w16: half(weights(6, 3, 3, 3)), v16: half(weights(6, 4)) },
  };
  const { written } = await expectRoundTrip(sketchedFile(sketch));
  expect(graphOf(written).node.map(({ opType }) => opType)).toContain('Cast');
  const types = graphOf(written).initializer.map(({ name, dataType, dims }) => [
    name,
    dataType,
    ...dims,
  ]);
  expect(types).toEqual([
    ['w16', DataType.FLOAT16, 4n, 3n, 3n, 3n],
    ['v16', DataType.FLOAT16, 4n, 4n],
  ]);
});

test('typed numbers stay typed', async () => {
  const model = sketchedModel(PLAIN);
  for (const tensor of model.graph!.initializer) {
    tensor.floatData = Array.from(new Float32Array(tensor.rawData.slice().buffer));
    clearField(tensor, TensorProtoSchema.field.rawData);
  }
  const { written } = await expectRoundTrip(toBinary(ModelProtoSchema, model));
  expect(graphOf(written).initializer.every(({ rawData }) => rawData.length === 0)).toBe(true);
});

test('weights in constants, and such as are computed from others', async () => {
  await expectRoundTrip(
    sketchedFile({
      nodes: [
        ['Constant', '', 'w', { value: weights(6, 3, 3, 3) }],
        ['Conv', 'x w', 'a', { strides: [3, 3] }],
        ['Flatten', 'a', 'f'],
        ['Transpose', 'v', 'turned', { perm: [1, 0] }],
        ['Unsqueeze', 'b', 'c', { axes: [0] }],
        ['MatMul', 'f turned', 'h'],
        ['Add', 'h c', 'i'],
        ['Gemm', 'i u', 'logits'],
      ],
      opset: 11,
      tensors: { v: weights(5, 24), b: weights(5), u: weights(5, 3) },
    }),
  );
});

test('a map with its channels last, as tf2onnx turns it, and a softmax behind the logits', async () => {
  const sketch: Sketch = {
    nodes: [
      ['Transpose', 'x', 't', { perm: [0, 3, 1, 2] }],
      ['Conv', 't w b', 'a', { strides: [3, 3] }],
      ['Transpose', 'a', 'l', { perm: [0, 2, 3, 1] }],
      ['Relu', 'l', 'r'],
      ['Reshape', 'r shape', 'f'],
      ['MatMul', 'f v', 'h'],
      ['Add', 'h c', 'logits'],
      ['Softmax', 'logits', 'shares', { axis: 1 }],
    ],
    tensors: {
      w: weights(6, 3, 3, 3),
      b: weights(6),
      shape: wholes(-1, 36),
      v: weights(36, 5),
      c: weights(5),
    },
    input: ['n', 9, 7, 3],
  };
  const { network } = await expectRoundTrip(sketchedFile(sketch), {
    shares: true,
    channelsLast: true,
  });
  expect(network.graph.input).toMatchObject({ channels: 3, height: 9, width: 7 });
});

test('tensors in a file of their own are written to one beside it', async () => {
  const model = sketchedModel(PLAIN);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of model.graph!.initializer.slice(1)) {
    parts.push(tensor.rawData);
    const place = { location: 'dense.bin', offset, length: tensor.rawData.length };
    offset += tensor.rawData.length;
    clearField(tensor, TensorProtoSchema.field.rawData);
    tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
    tensor.externalData = Object.entries(place).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value: `${value}` }),
    );
  }
  const bytes = toBinary(ModelProtoSchema, model);
  expect(externalFiles(bytes, 'net.onnx')).toEqual(['dense.bin']);
  expect(() => readOnnx(bytes, 'net.onnx')).toThrow(
    /tensor "w" in net.onnx lies in dense.bin, which is missing/,
  );
  const external = new Map([['dense.bin', new Uint8Array(Buffer.concat(parts))]]);
  const { network, onnx } = readOnnx(bytes, 'net.onnx', external);
  const cut = thinned(network);
  const written = writeOnnx(onnx, cut, 'small.onnx.data');
  expect([...written.external.keys()]).toEqual(['small.onnx.data']);
  const again = readOnnx(written.bytes, 'small.onnx', written.external);
  expect(again.network).toEqual(cut);
  const inside = sketchedModel(PLAIN);
  const { network: same } = readOnnx(toBinary(ModelProtoSchema, inside), 'net.onnx');
  expect(network.weights).toEqual(same.weights);
});

test('values that the graph leaves out, as those within a hard-swish, have their shapes recorded too', async () => {
  const { written } = await expectRoundTrip(
    sketchedFile({
      nodes: [
        ['Conv', 'x w b', 'a'],
        ['Add', 'a three', 'a3'],
        ['Clip', 'a3 zero six', 'c'],
        ['Mul', 'a c', 'm'],
        ['Div', 'm six', 'h'],
        ['Conv', 'h w2 b2', 'd'],
        ['GlobalAveragePool', 'd', 'g'],
        ['Flatten', 'g', 'logits'],
      ],
      tensors: {
        ...PLAIN.tensors,
        three: floats([], [3]),
        zero: floats([], [0]),
        six: floats([], [6]),
      },
      recorded: { a3: ['n', 6, 6, 6], c: ['n', 6, 6, 6], m: ['n', 6, 6, 6] },
    }),
  );
  expect(graphOf(written).valueInfo.map((info) => recordedSizes(info)?.[1])).toEqual([4, 4, 4]);
});

test('a node that is not known keeps what it reads and gives, and the rest can be cut', async () => {
  const sketch: Sketch = {
    nodes: [
      ['Conv', 'x w b', 'a', { pads: [1, 1, 1, 1] }],
      ['Relu', 'a', 'r'],
      ['Conv', 'r w2 b2', 'c'],
      ['LeakyRelu', 'c', 'l'],
      ['Conv', 'l w3', 'd'],
      ['Erf', 'd', 'e'],
      ['GlobalAveragePool', 'e', 'g'],
      ['Flatten', 'g', 'f'],
      ['Gemm', 'f v', 'logits', { transB: 1 }],
    ],
    tensors: { ...PLAIN.tensors, w3: weights(5, 9, 1, 1), v: weights(4, 5) },
  };
  const { network, onnx } = readOnnx(sketchedFile(sketch), 'net.onnx');
  const { units, uncuttable } = findUnits(network.graph);
  expect(units.map(({ name }) => name)).toEqual(['Conv 0']);
  expect(uncuttable.map(uncuttableText)).toEqual([
    'Conv 2: 9 channels tied to an operation that is not known here',
    'Conv 4: 5 channels tied to an operation that is not known here',
    "Gemm 8: 4 channels of the network's answers",
  ]);
  expect(sizesOf(writeOnnx(onnx, thinned(network), 'data').bytes)).toMatchObject({
    w: [4, 3, 3, 3],
    w2: [9, 4, 3, 3],
    w3: [5, 9, 1, 1],
  });
});

test('an unknown node whose constant may make its map larger has no shape that is known', () => {
  const nodes: Sketch['nodes'] = [
    ['Conv', 'x w b', 'a', { strides: [3, 3] }],
    ['GlobalAveragePool', 'a', 'p'],
    ['Pow', 'p large', 'm'],
    ['GlobalAveragePool', 'm', 'g'],
    ['Flatten', 'g', 'logits'],
  ];
  const tensors = { w: weights(6, 3, 3, 3), b: weights(6), large: weights(1, 6, 2, 2) };
  expect(() => readOnnx(sketchedFile({ nodes, tensors }), 'net.onnx')).toThrow(
    /"Pow 2" in net.onnx is a "Pow" in a form that is not known here/,
  );
  const small = { ...tensors, large: weights(6, 1, 1) };
  expect(
    readOnnx(sketchedFile({ nodes, tensors: small }), 'net.onnx').network.graph.nodes[2],
  ).toEqual({
    kind: 'opaque',
    name: 'Pow 2',
    inputs: ['GlobalAveragePool 1'],
    operation: 'Pow',
    output: { channels: 6, height: 1, width: 1 },
  });
});

test('names are told without what a terminal takes for more than letters', () => {
  const model = sketchedModel(PLAIN);
  model.graph!.name = 'red\u001b[31m';
  model.graph!.node[0]!.name = 'line\nline';
  const { graph } = readOnnx(toBinary(ModelProtoSchema, model), 'net.onnx').network;
  expect([graph.name, graph.nodes[0]?.name]).toEqual(['red\\u{1b}[31m', 'line\\u{a}line']);
});

test('a branch that nobody reads goes with a cut, since it would not fit any more', async () => {
  const unread = ['Conv', 'r w4', 'unread'] as const;
  const nodes = PLAIN.nodes.toSpliced(2, 0, unread);
  const tensors = { ...PLAIN.tensors, w4: weights(2, 6, 1, 1) };
  const { written } = await expectRoundTrip(sketchedFile({ nodes, tensors }));
  expect(graphOf(written).node).toHaveLength(PLAIN.nodes.length);
  expect(sizesOf(written)).not.toHaveProperty('w4');
});

test('a number beyond float16 is refused where the file has such', () => {
  const tensor = { ...floats([1], [0]), dataType: DataType.FLOAT16, rawData: new Uint8Array(2) };
  const sketch = {
    ...PLAIN,
    tensors: { ...PLAIN.tensors, b: { ...tensor, dims: [6n], rawData: new Uint8Array(12) } },
  };
  const { network, onnx } = readOnnx(sketchedFile(sketch), 'net.onnx');
  const large = { shape: [6], data: new Float32Array(6).fill(1e6) };
  const trained = { ...network, weights: new Map(network.weights).set('b', large) };
  expect(() => writeOnnx(onnx, trained, 'data')).toThrow(
    /"b" is of float16, and its new number 1000000/,
  );
});

test('images of any size: a network is read, run and cut for the size that is asked for', async () => {
  const bytes = sketchedFile({ ...PLAIN, input: ['n', 3, 'h', 'w'] });
  expect(() => readOnnx(bytes, 'net.onnx')).toThrow(
    expect.objectContaining({
      code: 'bad-network',
      message: expect.stringMatching(
        /takes "x" of sizes \[\?, 3, \?, \?\], .* Use inputSize HEIGHT,WIDTH instead/,
      ),
    }),
  );
  const { network, onnx } = readOnnx(bytes, 'net.onnx', new Map(), [7, 9]);
  expect(network.graph.input).toMatchObject({ channels: 3, height: 7, width: 9 });
  const cut = thinned(network);
  await expectAgreement(cut, writeOnnx(onnx, cut, 'data').bytes, { images: 2 });
  const fixed = sketchedFile({ ...PLAIN, input: ['n', 3, 7, 9] });
  expect(readOnnx(fixed, 'net.onnx', new Map(), [7, 9]).network.graph).toEqual(network.graph);
  expect(() => readOnnx(fixed, 'net.onnx', new Map(), [8, 8])).toThrow(
    /inputSize must be left out, not "?8,8"?: net.onnx takes images \[3, 7, 9\]/,
  );
});

test('a count of channels beside a computed number of images is the file’s own, and is changed', async () => {
  const sketch: Sketch = {
    ...PLAIN,
    nodes: [
      ...PLAIN.nodes.filter(([operation]) => !['Flatten', 'Gemm'].includes(operation)),
      ['Shape', 'g', 's'],
      ['Slice', 's zero one', 'n'],
      ['Concat', 'n nine', 'sizes', { axis: 0 }],
      ['Reshape', 'g sizes', 'f'],
      ['Gemm', 'f v c2', 'logits', { transB: 1 }],
    ],
    tensors: { ...PLAIN.tensors, zero: wholes(0), one: wholes(1), nine: wholes(9) },
  };
  const bytes = sketchedFile(sketch);
  const { network, onnx } = readOnnx(bytes, 'net.onnx');
  const cut = thinned(network);
  await expectAgreement(cut, writeOnnx(onnx, cut, 'data').bytes, { images: 2 });
});

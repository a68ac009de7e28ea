import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { expect, test } from 'vitest';
import { exportOnnx } from '../../../src/formats/onnx/export.js';
import { recordedSizes } from '../../../src/formats/onnx/proto.js';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import type { MapShape, Node } from '../../../src/graph/graph.js';
import { inferShapes } from '../../../src/graph/shapes.js';
import { buildArchitecture } from '../../../src/models/architectures.js';
import { activation, convolution, linear } from '../../../src/models/nodes.js';
import { randomNetwork, sampleGraph } from '../../graph/sample.js';
import { expectAgreement, expectRoundTrip, thinned } from './agreement.js';

const SMALL = { input: { channels: 3, height: 32, width: 32 }, classes: 4 };

test.each([
  ['resnet20', { ...SMALL, width: 0.25 }],
  ['mobilenet-v2', { ...SMALL, width: 0.125 }],
  ['vgg16', { ...SMALL, width: 1 / 16 }],
] as const)(
  '%s as an ONNX file has the same answers, and is read as the same network',
  async (name, options) => {
    const network = randomNetwork(buildArchitecture(name, options));
    const { network: read } = await expectRoundTrip(exportOnnx(network), { images: 1 });
    expect([...read.weights]).toEqual([...network.weights]);
    const cut = thinned(network);
    await expectAgreement(cut, exportOnnx(cut), { images: 1 });
  },
);

test('every kind of node', async () => {
  const nodes: readonly Node[] = [
    convolution('conv', 'input', { outputs: 6, kernel: 3, padding: 1, bias: true }),
    activation('relu6', 'conv', 'relu6'),
    {
      kind: 'average-pool',
      name: 'average',
      inputs: ['relu6'],
      kernel: [3, 3],
      stride: [1, 1],
      padding: { top: 1, left: 1, bottom: 1, right: 1 },
      countPads: false,
    },
    activation('sigmoid', 'average', 'sigmoid'),
    activation('hard', 'average', 'hard-sigmoid'),
    activation('swish', 'average', 'hard-swish'),
    { kind: 'multiply', name: 'product', inputs: ['sigmoid', 'hard'] },
    { kind: 'add', name: 'sum', inputs: ['product', 'swish', 'relu6'] },
    { kind: 'strided-slice', name: 'slice', inputs: ['sum'], stride: [2, 3] },
    { kind: 'channel-pad', name: 'pad', inputs: ['slice'], before: 2, after: 1 },
    { kind: 'concatenation', name: 'joined', inputs: ['pad', 'slice'] },
    { kind: 'flatten', name: 'flat', inputs: ['joined'] },
    linear('hidden', 'flat', 5),
    activation('relu', 'hidden'),
    linear('logits', 'relu', 3),
  ];
  const network = randomNetwork(sampleGraph(nodes));
  await expectAgreement(network, exportOnnx(network));
  const unknown = sampleGraph([
    convolution('conv', 'input', { outputs: 3, kernel: 3 }),
    {
      kind: 'opaque',
      name: 'odd',
      inputs: ['conv'],
      operation: 'Erf',
      output: { channels: 3, height: 6, width: 7 },
    },
    { kind: 'global-average-pool', name: 'mean', inputs: ['odd'] },
  ]);
  expect(() => exportOnnx(randomNetwork(unknown))).toThrow(/because of 1 node: "odd" \("Erf"\)/);
});

test('a network that answers with maps of one position answers in rows', () => {
  const nodes: readonly Node[] = [
    convolution('conv', 'input', { outputs: 3, kernel: 3 }),
    { kind: 'global-average-pool', name: 'mean', inputs: ['conv'] },
  ];
  const { network } = readOnnx(exportOnnx(randomNetwork(sampleGraph(nodes))), 'net.onnx');
  expect(network.graph.output).toBe('mean');
});

test('a network that answers with maps says how long its rows are', async () => {
  const graph = sampleGraph([convolution('conv', 'input', { outputs: 3, kernel: 3 })]);
  const network = randomNetwork(graph);
  const bytes = exportOnnx(network);
  await expectAgreement(network, bytes);
  const { channels, height, width } = inferShapes(graph).get('conv') as MapShape;
  expect(height * width).toBeGreaterThan(1);
  const output = fromBinary(ModelProtoSchema, bytes).graph?.output[0];
  expect(output && recordedSizes(output)).toEqual([undefined, channels * height * width]);
});

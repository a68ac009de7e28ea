import { toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, test } from 'vitest';
import { readOnnx } from '../../../src/formats/onnx/read.js';
import { writeOnnx } from '../../../src/formats/onnx/write.js';
import { fuzz, truncate } from '../../fuzz.js';
import { thinned } from './agreement.js';
import {
  floats,
  positive,
  type Sketch,
  sketchedFile,
  sketchedModel,
  valueInfo,
  weights,
  wholes,
} from './graphs.js';

const SMALL: Sketch = {
  nodes: [
    ['Conv', 'x w b', 'a', { pads: [1, 1, 1, 1], strides: [2, 2] }],
    ['BatchNormalization', 'a n.w n.b n.m n.v', 'n'],
    ['Clip', 'n zero six', 'r'],
    ['Conv', 'r w2', 'c', { group: 4 }],
    ['Slice', 'c starts ends axes', 's'],
    ['Pad', 's pads', 'p'],
    ['Concat', 'p s', 'j', { axis: 1 }],
    ['MaxPool', 'j', 'm', { kernel_shape: [2, 2] }],
    ['Reshape', 'm shape', 'f'],
    ['Gemm', 'f v c2', 'logits', { transB: 1 }],
  ],
  tensors: {
    w: weights(4, 3, 3, 3),
    b: weights(4),
    'n.w': weights(4),
    'n.b': weights(4),
    'n.m': weights(4),
    'n.v': positive(4),
    zero: floats([], [0]),
    six: floats([], [6]),
    w2: weights(4, 1, 2, 2),
    starts: wholes(0),
    ends: wholes(100),
    axes: wholes(2),
    pads: wholes(0, 1, 0, 0, 0, 1, 0, 0),
    shape: wholes(0, -1),
    v: weights(3, 10),
    c2: weights(3),
  },
  recorded: { a: ['n', 4, 4, 4], c: ['n', 4, 3, 3] },
};

const HEAD: Sketch['nodes'] = [
  ['GlobalAveragePool', 'a', 'g'],
  ['Flatten', 'g', 'f'],
  ['Gemm', 'f v', 'logits', { transB: 1 }],
];
const WEIGHTS = { w: weights(4, 3, 3, 3), v: weights(3, 4) };

/** A convolution and the head, with changes. */
function plain(changes: Partial<Sketch> = {}): Uint8Array {
  return sketchedFile({ nodes: [['Conv', 'x w', 'a'], ...HEAD], tensors: WEIGHTS, ...changes });
}

function changed(change: (model: ReturnType<typeof sketchedModel>) => void): Uint8Array {
  const model = sketchedModel({ nodes: [['Conv', 'x w', 'a'], ...HEAD], tensors: WEIGHTS });
  change(model);
  return toBinary(ModelProtoSchema, model);
}

const text = (content: string) => new TextEncoder().encode(content);

describe('a file that holds no network that can be read is refused by what is wrong with it:', () => {
  test.each([
    ['nothing', new Uint8Array(), /net.onnx holds no ONNX network .* no graph/],
    ['a zip', Uint8Array.of(0x50, 0x4b, 3, 4), /looks like a zip archive, such as PyTorch’s .pth/],
    ['HDF5', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13), /looks like HDF5, such as Keras’s .h5/],
    ['JSON', text('{"format": "layers-model"}'), /looks like JSON, such as TensorFlow.js’s/],
    ['a page', text('<!doctype html>'), /looks like a web page/],
    ['noise', Uint8Array.of(8, 7, 0xff, 0xff, 0xff), /breaks off or is no such message/],
    [
      'a newer opset',
      plain({ opset: 99 }),
      /version 99 of the operators; from 7 to 21 are known: .*opset_version=21/,
    ],
    ['an older opset', plain({ opset: 6 }), /version 6 .* opset_version=13/],
    [
      'two inputs',
      changed(({ graph }) => graph?.input.push(valueInfo('y', [1]))),
      /has 2 inputs \(x, y\); one, of images/,
    ],
    [
      'two outputs',
      changed(({ graph }) => graph?.output.push(valueInfo('g', [1]))),
      /has 2 outputs \(logits, g\)/,
    ],
    [
      'a map for an answer',
      plain({ nodes: [['Conv', 'x w', 'a']] }),
      /answers with maps of 4 × 6 × 6/,
    ],
    [
      'a cycle',
      plain({ nodes: [['Conv', 'z w', 'a'], ['Relu', 'a', 'z'], ...HEAD] }),
      /"Conv 0" in net.onnx reads "z", which stands behind it or depends on it/,
    ],
    [
      'a name that nothing gives',
      plain({ nodes: [['Conv', 'y w', 'a'], ...HEAD] }),
      /reads "y", which nothing gives/,
    ],
    [
      'names as long as a page',
      plain({ nodes: [['Conv', `${'y'.repeat(9000)} w`, 'a'.repeat(9000)], ...HEAD] }),
      /^The node "Conv 0" in net.onnx reads "y{100}…", which nothing gives/,
    ],
    [
      'a name given twice',
      plain({ nodes: [['Conv', 'x w', 'a'], ['Relu', 'a', 'a'], ...HEAD] }),
      /gives "a", which is there already/,
    ],
    [
      'whole numbers for weights',
      plain({ nodes: [['DequantizeLinear', 'v v v', 'd'], ['Conv', 'x w', 'a'], ...HEAD] }),
      /is a "DequantizeLinear": prune a network first, and quantise it after/,
    ],
    [
      'weights that are no numbers',
      plain({ tensors: { ...WEIGHTS, v: floats([3, 4], Array(12).fill(Number.NaN)) } }),
      /tensor "v" in net.onnx has NaN at 0/,
    ],
    [
      'a tensor that breaks off',
      changed(({ graph }) => {
        graph!.initializer[0]!.rawData = new Uint8Array(5);
      }),
      /"w" in net.onnx takes 432 bytes by its sizes, but has 5/,
    ],
    [
      'filters for other channels',
      plain({ tensors: { ...WEIGHTS, w: weights(4, 2, 3, 3) } }),
      /"Conv 0" in net.onnx has filters for 2 × 1 channels, and reads 3/,
    ],
    [
      'an unknown node of unknown shape',
      plain({
        nodes: [['Conv', 'x w', 'c'], ['DepthToSpace', 'c', 'a', { blocksize: 2 }], ...HEAD],
      }),
      /"DepthToSpace 1" .* record shapes with onnx.shape_inference/,
    ],
  ] as const)('%s', (_, bytes, message) => {
    expect(() => readOnnx(bytes, 'net.onnx')).toThrow(message);
  });
});

test('of a file that breaks off or was changed, what can still be read can be taken apart and written', () => {
  const bytes = sketchedFile(SMALL);
  truncate(bytes, readOnnx);
  fuzz(bytes, readOnnx, ({ network, onnx }, mutant) => {
    expect(Buffer.compare(writeOnnx(onnx, network, 'data').bytes, mutant)).toBe(0);
    const cut = thinned(network);
    const again = readOnnx(writeOnnx(onnx, cut, 'data').bytes, 'the-file').network;
    expect(again.graph.nodes.map(({ kind }) => kind)).toEqual(
      cut.graph.nodes.map(({ kind }) => kind),
    );
  });
});

import { describe, expect, test } from 'vitest';
import { findUnits } from '../../../src/graph/units.js';
import { expectRoundTrip } from './agreement.js';
import {
  floats,
  positive,
  type Sketch,
  type SketchedNode,
  sketchedFile,
  weights,
  wholes,
} from './graphs.js';

/** The usual end: mean over positions, a row an image, three logits of `channels`. */
function head(from: string, channels: number) {
  const nodes: readonly SketchedNode[] = [
    ['GlobalAveragePool', from, 'mean'],
    ['Flatten', 'mean', 'rows'],
    ['Gemm', 'rows head.w head.b', 'logits', { transB: 1 }],
  ];
  return { nodes, tensors: { 'head.w': weights(3, channels), 'head.b': weights(3) } };
}

/** A convolution of 3 to 6 channels, what is tried, and the usual end. */
function between(
  nodes: readonly SketchedNode[],
  tensors: Sketch['tensors'] = {},
  options: Partial<Sketch> & { readonly channels?: number } = {},
): Sketch {
  const { channels = 6, ...others } = options;
  const end = head('y', channels);
  return {
    nodes: [['Conv', 'x w b', 'a', { pads: [1, 1, 1, 1] }], ...nodes, ...end.nodes],
    tensors: { w: weights(6, 3, 3, 3), b: weights(6), ...tensors, ...end.tensors },
    ...others,
  };
}

const NORM = { 'n.w': weights(6), 'n.b': weights(6), 'n.m': weights(6), 'n.v': positive(6) };

/** Each with the channels of the units that must be found. */
const CASES: readonly (readonly [what: string, sketch: Sketch, units: readonly number[]])[] = [
  ['Relu', between([['Relu', 'a', 'y']]), [6]],
  ['Sigmoid', between([['Sigmoid', 'a', 'y']]), [6]],
  ['HardSwish', between([['HardSwish', 'a', 'y']], {}, { opset: 14 }), [6]],
  [
    'HardSigmoid',
    between([['HardSigmoid', 'a', 'y', { alpha: 0.1666666716337204, beta: 0.5 }]]),
    [6],
  ],
  [
    'HardSigmoid of a slope and a shift of its own',
    between([['HardSigmoid', 'a', 'y', { alpha: 0.2, beta: 0.4 }]]),
    [6],
  ],
  ['Clip by attributes', between([['Clip', 'a', 'y', { min: 0, max: 6 }]], {}, { opset: 7 }), [6]],
  [
    'Clip by constants',
    between(
      [
        ['Constant', '', 'six', { value: floats([], [6]) }],
        ['Clip', 'a zero six', 'y'],
      ],
      { zero: floats([], [0]) },
    ),
    [6],
  ],
  ['Clip from below', between([['Clip', 'a zero', 'y']], { zero: floats([], [0]) }), [6]],
  [
    'BatchNormalization',
    between([['BatchNormalization', 'a n.w n.b n.m n.v', 'y', { epsilon: 0.001 }]], NORM),
    [6],
  ],
  [
    'Identity, Dropout and Cast',
    between([
      ['Identity', 'a', 'i'],
      ['Dropout', 'i', 'd'],
      ['Cast', 'd', 'y', { to: 1 }],
    ]),
    [6],
  ],
  [
    'MaxPool',
    between([['MaxPool', 'a', 'y', { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] }]]),
    [6],
  ],
  [
    'MaxPool to the ceiling',
    between([['MaxPool', 'a', 'y', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }]]),
    [6],
  ],
  [
    'AveragePool that counts its pads',
    between([
      ['AveragePool', 'a', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 }],
    ]),
    [6],
  ],
  [
    'AveragePool that does not, to the ceiling',
    between([['AveragePool', 'a', 'y', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }]]),
    [6],
  ],
  ['GlobalMaxPool', between([['GlobalMaxPool', 'a', 'y']]), [6]],
  [
    'ReduceMean by an attribute, Squeeze and Unsqueeze',
    between([
      ['ReduceMean', 'a', 'm', { axes: [2, 3] }],
      ['Constant', '', 'axes', { value: wholes(2, 3) }],
      ['Squeeze', 'm axes', 's'],
      ['Unsqueeze', 's axes', 'y'],
    ]),
    [6],
  ],
  [
    'ReduceMean by an input, keeping no axes',
    {
      nodes: [
        ['Conv', 'x w', 'a'],
        ['ReduceMean', 'a axes', 'm', { keepdims: 0 }],
        ['Gemm', 'm v', 'logits', { transB: 0 }],
      ],
      tensors: { w: weights(6, 3, 3, 3), axes: wholes(-1, -2), v: weights(6, 3) },
      opset: 18,
    },
    [6],
  ],
  [
    'Add and Sum: one residual stream',
    between(
      [
        ['Conv', 'a w2', 'p', { pads: [0, 0, 0, 0] }],
        ['Conv', 'a w3', 'q'],
        ['Sum', 'a p q', 's'],
        ['Add', 's a', 'y'],
      ],
      { w2: weights(6, 6, 1, 1), w3: weights(6, 6, 1, 1) },
    ),
    [6],
  ],
  [
    'Add of a constant: a bias, of any form',
    between(
      [
        ['Conv', 'a w2', 'p'],
        ['Add', 'p b2', 'q'],
        ['Conv', 'q w3', 'r'],
        ['Add', 'b3 r', 'y'],
      ],
      {
        w2: weights(5, 6, 1, 1),
        b2: weights(1, 5, 1, 1),
        w3: weights(4, 5, 1, 1),
        b3: floats([], [0.25]),
      },
      { channels: 4 },
    ),
    [6, 5, 4],
  ],
  [
    'Mul as a gate: squeeze and excitation',
    between(
      [
        ['GlobalAveragePool', 'a', 'g'],
        ['Conv', 'g w2', 'h'],
        ['Relu', 'h', 'i'],
        ['Conv', 'i w3 b3', 'j'],
        ['Sigmoid', 'j', 'k'],
        ['Mul', 'k a', 'y'],
      ],
      { w2: weights(4, 6, 1, 1), w3: weights(6, 4, 1, 1), b3: weights(6) },
    ),
    [6, 4],
  ],
  [
    'Sub, Div, Mul and Add of constants: pixels that are normalised, and scales',
    {
      nodes: [
        ['Sub', 'x centre', 'x1'],
        ['Div', 'x1 deviation', 'x2'],
        ['Conv', 'x2 w b', 'a', { pads: [1, 1, 1, 1] }],
        ['Relu', 'a', 'r'],
        ['Mul', 'scale r', 's'],
        ['Sub', 'one s', 't'],
        ['Div', 't two', 'u'],
        ['Add', 'u shift', 'y'],
        ...head('y', 6).nodes,
      ],
      tensors: {
        centre: floats([1, 3, 1, 1], [0.5, 0.25, 0.125]),
        deviation: floats([3, 1, 1], [0.5, 0.25, 2]),
        w: weights(6, 3, 3, 3),
        b: weights(6),
        scale: positive(6, 1, 1),
        one: floats([], [1]),
        two: floats([1], [2]),
        shift: weights(1, 6, 1, 1),
        ...head('y', 6).tensors,
      },
    },
    [6],
  ],
  ...(
    [
      ['Div', 'by 6', 6],
      ['Mul', 'by a sixth', 1 / 6],
    ] as const
  ).map(([operation, how, number]): (typeof CASES)[number] => [
    `hard-swish of Add 3, Clip, Mul and ${operation} ${how}, in either order`,
    between(
      [
        ['Add', 'a three', 'a3'],
        ['Clip', 'a3 zero six', 'c'],
        ['Mul', 'a c', 'm'],
        [operation, 'm number', 'h'],
        ['Conv', 'h w2', 'd'],
        ['Add', 'd three', 'd3'],
        ['Clip', 'd3 zero six', 'e'],
        [operation, 'e number', 'f'],
        ['Mul', 'f d', 'y'],
      ],
      {
        three: floats([], [3]),
        zero: floats([], [0]),
        six: floats([], [6]),
        number: floats([], [number]),
        w2: weights(5, 6, 3, 3),
      },
      {
        channels: 5,
        recorded: { a3: ['n', 6, 8, 8], c: ['n', 6, 8, 8], m: ['n', 6, 8, 8], f: ['n', 5, 6, 6] },
      },
    ),
    [6, 5],
  ]),
  [
    'Mul of two maps: x · sigmoid(x)',
    between([
      ['Sigmoid', 'a', 's'],
      ['Mul', 'a s', 'y'],
    ]),
    [6],
  ],
  [
    'Concat',
    between(
      [
        ['Conv', 'a w2', 'p'],
        ['Concat', 'p a', 'y', { axis: 1 }],
      ],
      { w2: weights(5, 6, 1, 1) },
      { channels: 11 },
    ),
    [6, 5],
  ],
  [
    'a depthwise convolution',
    between([['Conv', 'a w2 b2', 'y', { group: 6, strides: [2, 1] }]], {
      w2: weights(6, 1, 3, 3),
      b2: weights(6),
    }),
    [6],
  ],
  [
    'a convolution in groups',
    between([['Conv', 'a w2', 'y', { group: 2 }]], { w2: weights(8, 3, 3, 3) }, { channels: 8 }),
    [3, 4],
  ],
  [
    'Pad before a convolution and before a pool, by attributes',
    between(
      [
        ['Pad', 'a', 'p', { pads: [0, 0, 1, 0, 0, 0, 2, 1] }],
        ['Conv', 'p w2', 'q', { pads: [0, 1, 0, 0] }],
        ['Relu', 'q', 'r'],
        ['Pad', 'r', 's', { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'constant' }],
        ['MaxPool', 's', 'y', { kernel_shape: [3, 3], strides: [2, 2] }],
      ],
      { w2: weights(6, 6, 3, 3) },
      { opset: 7 },
    ),
    [6, 6],
  ],
  [
    'Pad of channels and Slice of positions: an identity shortcut',
    between(
      [
        ['Slice', 'a starts ends axes steps', 'l'],
        ['Pad', 'l pads', 'p'],
        ['Conv', 'a w2', 'c', { strides: [2, 2], pads: [1, 1, 1, 1] }],
        ['Add', 'c p', 'y'],
      ],
      {
        starts: wholes(0, 0),
        ends: wholes(2 ** 62, 8),
        axes: wholes(2, 3),
        steps: wholes(2, 2),
        pads: wholes(0, 3, 0, 0, 0, 2, 0, 0),
        w2: weights(11, 6, 3, 3),
      },
      { channels: 11 },
    ),
    [6, 5],
  ],
  [
    'auto_pad',
    between(
      [
        ['Conv', 'a w2', 'p', { auto_pad: 'SAME_UPPER', strides: [2, 2] }],
        ['Conv', 'p w3', 'q', { auto_pad: 'SAME_LOWER' }],
        ['Conv', 'q w2', 'y', { auto_pad: 'VALID' }],
      ],
      { w2: weights(6, 6, 3, 3), w3: weights(6, 6, 2, 2) },
    ),
    [6, 6, 6, 6],
  ],
  [
    'Reshape with a constant, a matrix turned around, and Add behind MatMul',
    {
      nodes: [
        ['Conv', 'x w', 'a', { strides: [3, 3] }],
        ['Reshape', 'a shape', 'r'],
        ['MatMul', 'r m', 'l'],
        ['Add', 'l c', 'h'],
        ['Relu', 'h', 'i'],
        ['Gemm', 'i v', 'logits'],
      ],
      tensors: {
        w: weights(6, 3, 3, 3),
        shape: wholes(-1, 24),
        m: weights(24, 7),
        c: weights(7),
        v: weights(7, 3),
      },
    },
    [6, 7],
  ],
  [
    'Reshape by the shape of a map',
    {
      nodes: [
        ['Conv', 'x w', 'a', { strides: [3, 3] }],
        ['Shape', 'a', 's'],
        ['Constant', '', 'zero', { value: { ...wholes(0), dims: [] } }],
        ['Gather', 's zero', 'n', { axis: 0 }],
        ['Unsqueeze', 'n first', 'n1'],
        ['Concat', 'n1 rest', 'shape', { axis: 0 }],
        ['Reshape', 'a shape', 'r'],
        ['Gemm', 'r v', 'logits', { transB: 1 }],
      ],
      tensors: { w: weights(6, 3, 3, 3), first: wholes(0), rest: wholes(-1), v: weights(3, 24) },
    },
    [6],
  ],
];

describe('each operation has ONNX Runtime’s answers, before a cut and after:', () => {
  test.each(CASES)('%s', async (_, sketch, units) => {
    const { network } = await expectRoundTrip(sketchedFile(sketch));
    expect(network.graph.nodes.filter(({ kind }) => kind === 'opaque')).toEqual([]);
    expect(findUnits(network.graph).units.map(({ channels }) => channels)).toEqual(units);
  });
});

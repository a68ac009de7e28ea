import { describe, expect, test } from 'vitest';
import type { Graph, Node, Padding } from '../../src/graph/graph.js';
import { inferShapes } from '../../src/graph/shapes.js';

const PAD_1: Padding = { top: 1, left: 1, bottom: 1, right: 1 };
const BEHIND: Padding = { top: 0, left: 0, bottom: 1, right: 1 };
const NONE: Padding = { top: 0, left: 0, bottom: 0, right: 0 };
const INPUT = { name: 'input', channels: 6, height: 7, width: 10 };

function convolution(options: Partial<Extract<Node, { kind: 'convolution' }>> = {}): Node {
  return {
    kind: 'convolution',
    name: 'conv',
    inputs: ['input'],
    weight: `${options.name ?? 'conv'}.weight`,
    kernel: [3, 3],
    stride: [1, 1],
    padding: PAD_1,
    groups: 1,
    outputs: 8,
    ...options,
  };
}

function relu(name: string, input: string): Node {
  return { kind: 'activation', name, inputs: [input], activation: 'relu' };
}

function graph(nodes: readonly Node[], output = nodes.at(-1)?.name ?? ''): Graph {
  return { name: 'sample', input: INPUT, nodes, output };
}

function outputShape(...nodes: Node[]) {
  const shape = inferShapes(graph(nodes)).get(nodes.at(-1)?.name ?? '');
  return [shape?.channels, shape?.height, shape?.width];
}

describe('shapes', () => {
  test.each([
    [{}, [8, 7, 10]],
    [{ stride: [2, 2] }, [8, 4, 5]],
    [{ stride: [2, 2], padding: BEHIND }, [8, 3, 5]],
    [{ stride: [2, 3], padding: NONE }, [8, 3, 3]],
    [{ kernel: [1, 1], padding: NONE, stride: [2, 2] }, [8, 4, 5]],
    [{ kernel: [7, 10], padding: NONE }, [8, 1, 1]],
    [{ groups: 2 }, [8, 7, 10]],
    [{ groups: 6, outputs: 6 }, [6, 7, 10]],
  ] as const)('of a convolution %j', (options, expected) => {
    expect(outputShape(convolution(options))).toEqual(expected);
  });

  test('of each other kind', () => {
    const inputs = ['input'];
    const pool = { kernel: [3, 3], stride: [2, 2], padding: PAD_1, countPads: false } as const;
    const cases: readonly (readonly [Node, readonly number[]])[] = [
      [{ kind: 'max-pool', name: 'n', inputs, ...pool }, [6, 4, 5]],
      [{ kind: 'average-pool', name: 'n', inputs, ...pool, padding: NONE }, [6, 3, 4]],
      [{ kind: 'global-average-pool', name: 'n', inputs }, [6, 1, 1]],
      [{ kind: 'flatten', name: 'n', inputs }, [420, 1, 1]],
      [{ kind: 'channel-pad', name: 'n', inputs, before: 2, after: 3 }, [11, 7, 10]],
      [{ kind: 'strided-slice', name: 'n', inputs, stride: [2, 3] }, [6, 4, 4]],
      [{ kind: 'concatenation', name: 'n', inputs: ['input', 'input'] }, [12, 7, 10]],
      [{ kind: 'add', name: 'n', inputs: ['input', 'input', 'input'] }, [6, 7, 10]],
      [{ kind: 'multiply', name: 'n', inputs: ['input', 'input'] }, [6, 7, 10]],
      [relu('n', 'input'), [6, 7, 10]],
    ];
    for (const [node, expected] of cases) expect(outputShape(node), node.kind).toEqual(expected);
  });

  test('of a gate and of a linear layer behind it', () => {
    const nodes: Node[] = [
      { kind: 'global-average-pool', name: 'mean', inputs: ['input'] },
      { kind: 'multiply', name: 'gated', inputs: ['input', 'mean'] },
      { kind: 'flatten', name: 'vector', inputs: ['gated'] },
      { kind: 'linear', name: 'fc', inputs: ['vector'], weight: 'fc.weight', outputs: 3 },
    ];
    expect(outputShape(...nodes)).toEqual([3, 1, 1]);
  });
});

describe('a graph that does not fit is refused, with the node named', () => {
  const linear: Node = { kind: 'linear', name: 'fc', inputs: ['input'], weight: 'w', outputs: 3 };
  const pool: Node = {
    kind: 'max-pool',
    name: 'pool',
    inputs: ['input'],
    kernel: [2, 2],
    stride: [2, 2],
    padding: { ...NONE, right: 2 },
    countPads: false,
  };
  test.each<[string, readonly Node[], RegExp]>([
    ['unknown input', [relu('a', 'b')], /"a" \(activation\) reads "b", which is no node/],
    ['itself', [relu('a', 'a')], /"a" .* depends on itself: a reads a\./],
    [
      'a cycle',
      [relu('a', 'c'), relu('b', 'a'), relu('c', 'b')],
      /"a" .* depends on itself: a reads c reads b reads a\./,
    ],
    ['an order', [relu('a', 'b'), relu('b', 'input')], /"a" .* reads "b", which stands behind it/],
    ['two of a name', [relu('a', 'input'), relu('a', 'a')], /"a" .* has the name of another node/],
    ['the name of the input', [relu('input', 'input')], /"input" .* has the name of another node/],
    ['an unread node', [relu('a', 'input'), relu('b', 'input')], /"a" .* is read by no node/],
    [
      'two inputs',
      [{ ...relu('a', 'input'), inputs: ['input', 'input'] }],
      /needs one input, not 2/,
    ],
    [
      'unlike addends',
      [convolution(), { kind: 'add', name: 's', inputs: ['conv', 'input'] }],
      /"s" \(add\) takes maps of unlike shapes: "conv" has 8 × 7 × 10, "input" has 6 × 7 × 10/,
    ],
    [
      'unlike heights',
      [
        convolution({ stride: [2, 1] }),
        { kind: 'concatenation', name: 's', inputs: ['conv', 'input'] },
      ],
      /"s" .* unlike height or width: "conv" has 8 × 4 × 10/,
    ],
    [
      'one addend',
      [{ kind: 'add', name: 's', inputs: ['input'] }],
      /needs two inputs or more, not 1/,
    ],
    ['groups', [convolution({ groups: 4 })], /takes 6 channels to 8 in 4 groups/],
    ['a window', [convolution({ kernel: [10, 3] })], /window of 10 × 3 over a map of 7 × 10/],
    [
      'a stride',
      [convolution({ stride: [0, 1] })],
      /"conv" .* has stride \(rows\) 0: a whole number/,
    ],
    ['padding', [convolution({ padding: { ...PAD_1, left: -1 } })], /has left -1/],
    ['a pool of padding', [pool], /"pool" .* a window would lie in the padding alone/],
    ['maps for vectors', [linear], /"fc" \(linear\) reads maps of 6 × 7 × 10/],
  ])('%s', (_, nodes, message) => {
    expect(() => inferShapes(graph(nodes))).toThrow(message);
    expect(() => inferShapes(graph(nodes))).toThrow(
      expect.objectContaining({ code: 'bad-network' }),
    );
  });

  test('an output that is no node, and an input of no size', () => {
    expect(() => inferShapes(graph([relu('a', 'input')], 'b'))).toThrow(/output "b"/);
    const empty = { ...graph([relu('a', 'input')]), input: { ...INPUT, width: 0 } };
    expect(() => inferShapes(empty)).toThrow(/takes maps of 6 × 7 × 0/);
  });
});

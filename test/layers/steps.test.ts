import { describe, expect, test } from 'vitest';
import type { Graph, Node } from '../../src/graph/graph.js';
import { inferShapes } from '../../src/graph/shapes.js';
import { planPlaces } from '../../src/layers/places.js';
import { fuseSteps } from '../../src/layers/steps.js';

const window = {
  kernel: [3, 3],
  stride: [1, 1],
  padding: { top: 1, left: 1, bottom: 1, right: 1 },
} as const;

const convolution = (name: string, input: string): Node => ({
  kind: 'convolution',
  name,
  inputs: [input],
  weight: `${name}.weight`,
  groups: 1,
  outputs: 4,
  ...window,
});
const relu = (name: string, input: string): Node => ({
  kind: 'activation',
  name,
  inputs: [input],
  activation: 'relu',
});
const add = (name: string, ...inputs: string[]): Node => ({ kind: 'add', name, inputs });

function testGraph(nodes: readonly Node[]): Graph {
  return {
    name: 'test',
    input: { name: 'images', channels: 4, height: 5, width: 7 },
    nodes,
    output: nodes.at(-1)?.name ?? '',
  };
}

const summary = (nodes: readonly Node[]) =>
  stepsOfGraph(testGraph(nodes)).steps.map(({ node, residual, activation, output }) =>
    [node.name, residual && `+ ${residual}`, activation, `→ ${output}`].filter(Boolean).join(' '),
  );

const stepsOfGraph = (graph: Graph) => fuseSteps(graph, inferShapes(graph));

describe('steps', () => {
  test('a residual block takes three kernels', () => {
    const nodes = [
      convolution('stem', 'images'),
      relu('a', 'stem'),
      convolution('conv1', 'a'),
      relu('b', 'conv1'),
      convolution('conv2', 'b'),
      add('sum', 'conv2', 'a'),
      relu('c', 'sum'),
    ];
    expect(summary(nodes)).toEqual(['stem relu → a', 'conv1 relu → b', 'conv2 + a relu → c']);
  });

  test('of two convolutions the later one adds', () => {
    const nodes = [
      convolution('left', 'images'),
      convolution('right', 'images'),
      add('sum', 'left', 'right'),
    ];
    expect(summary(nodes)).toEqual(['left → left', 'right + left → sum']);
  });

  test('a shortcut that stands behind its convolution runs before it', () => {
    const nodes = [
      convolution('conv', 'images'),
      { kind: 'strided-slice', name: 'slice', inputs: ['images'], stride: [1, 1] } as const,
      add('sum', 'conv', 'slice'),
      relu('answer', 'sum'),
    ];
    expect(summary(nodes)).toEqual(['slice → slice', 'conv + slice relu → answer']);
  });

  test('a depthwise convolution activates, and adds nothing', () => {
    const depthwise = { ...convolution('conv', 'images'), groups: 4 } as Node;
    const nodes = [depthwise, add('sum', 'conv', 'images'), relu('answer', 'sum')];
    expect(summary(nodes)).toEqual(['conv → conv', 'sum → sum', 'answer → answer']);
    expect(summary([depthwise, relu('answer', 'conv')])).toEqual(['conv relu → answer']);
  });

  test('what somebody else reads stays a map of its own', () => {
    const nodes = [
      convolution('conv', 'images'),
      relu('a', 'conv'),
      add('sum', 'conv', 'a'),
      relu('answer', 'sum'),
    ];
    expect(summary(nodes)).toEqual(['conv → conv', 'a → a', 'sum → sum', 'answer → answer']);
  });

  test('a map added to itself, or to two others, is no residual', () => {
    expect(summary([convolution('conv', 'images'), add('twice', 'conv', 'conv')])).toEqual([
      'conv → conv',
      'twice → twice',
    ]);
    const three = [
      convolution('a', 'images'),
      convolution('b', 'images'),
      convolution('c', 'images'),
      add('sum', 'a', 'b', 'c'),
    ];
    expect(summary(three).at(-1)).toBe('sum → sum');
  });

  test('the answers themselves are read from outside, so nothing joins behind them', () => {
    const nodes = [convolution('conv', 'images'), relu('a', 'conv'), add('sum', 'conv', 'a')];
    expect(stepsOfGraph(testGraph(nodes)).steps.map(({ output }) => output)).toEqual([
      'conv',
      'a',
      'sum',
    ]);
  });

  test('a padded identity shortcut is one step', () => {
    const { steps } = stepsOfGraph(
      testGraph([
        { kind: 'strided-slice', name: 'slice', inputs: ['images'], stride: [2, 2] },
        { kind: 'channel-pad', name: 'pad', inputs: ['slice'], before: 2, after: 2 },
      ]),
    );
    expect(steps.map(({ node, pad, output }) => [node.kind, pad?.before, output])).toEqual([
      ['strided-slice', 2, 'pad'],
    ]);
  });

  test('a linear layer behind a flattened map is a convolution that covers it', () => {
    const { steps, output } = stepsOfGraph(
      testGraph([
        relu('a', 'images'),
        { kind: 'flatten', name: 'flat', inputs: ['a'] },
        relu('b', 'flat'),
        { kind: 'linear', name: 'fc', inputs: ['b'], weight: 'fc.weight', outputs: 3 },
        relu('answer', 'fc'),
        { kind: 'flatten', name: 'end', inputs: ['answer'] },
      ]),
    );
    expect(steps.map(({ node, inputs, output }) => [node.kind, inputs, output])).toEqual([
      ['activation', ['images'], 'a'],
      ['activation', ['a'], 'b'],
      ['convolution', ['b'], 'answer'],
    ]);
    expect(steps[2]?.node).toMatchObject({ kernel: [5, 7], weight: 'fc.weight', groups: 1 });
    expect(output).toBe('answer');
  });
});

describe('places', () => {
  const life = (name: string, words: number, from: number, to: number) => ({
    name,
    words,
    from,
    to,
  });

  test('a chain takes two buffers', () => {
    const chain = Array.from({ length: 9 }, (_, at) => life(`${at}`, 100, at, at + 1));
    const { buffers, placeOfMap } = planPlaces(chain);
    expect(buffers).toEqual([100, 100]);
    chain.slice(1).forEach(({ name }, at) => {
      expect(placeOfMap.get(name)).not.toBe(placeOfMap.get(`${at}`));
    });
  });

  test('maps alive at once never share, and take no more than at the fullest step', () => {
    const maps = [
      life('stem', 100, 0, 3),
      life('inner', 100, 1, 2),
      life('sum', 50, 3, 5),
      life('late', 20, 4, 5),
    ];
    const { buffers, placeOfMap } = planPlaces(maps);
    for (const one of maps) {
      for (const other of maps) {
        const apart = one.to < other.from || other.to < one.from;
        if (one !== other && !apart) {
          expect(placeOfMap.get(one.name)).not.toBe(placeOfMap.get(other.name));
        }
      }
    }
    expect(buffers.reduce((sum, words) => sum + words, 0)).toBe(200);
  });
});

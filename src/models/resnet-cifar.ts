import type { Graph, Node } from '../graph/graph.js';
import { type BuildOptions, widened } from './build-options.js';
import { activation, batchNorm, convolution, linear } from './nodes.js';
import { type BlockPlace, basicBlock, residualStages } from './residual.js';

/**
 * ResNet of He et al. (2016, section 4.2) for small images: three stages of 16, 32 and 64 channels
 * with (depth − 2) / 6 basic blocks each. A shortcut into a smaller map takes every second position
 * and pads its channels by zeros on both sides ("option A"). Names are those of
 * github.com/akamaster/pytorch_resnet_cifar10.
 */
export function resnetCifar(depth: 20 | 32 | 44 | 56, options: BuildOptions): Graph {
  const channels = [16, 32, 64].map((count) => widened(count, options.width));
  const blocks = (depth - 2) / 6;
  const stages = channels.map((outputs, i) => ({ blocks, outputs, stride: i === 0 ? 1 : 2 }));
  const outputs = channels[0]!;
  const blockNodes = residualStages({ name: 'relu', outputs }, stages, (place) =>
    basicBlock({ ...place, shortcut: paddedShortcut(place) }),
  );
  return {
    name: `resnet${depth}`,
    input: { name: 'input', ...options.input },
    nodes: [
      convolution('conv1', 'input', { outputs, kernel: 3, padding: 1 }),
      batchNorm('bn1', 'conv1'),
      activation('relu', 'bn1'),
      ...blockNodes,
      { kind: 'global-average-pool', name: 'pool', inputs: [blockNodes.at(-1)!.name] },
      linear('linear', 'pool', options.classes),
    ],
    output: 'linear',
  };
}

function paddedShortcut({ name, input, inputs, outputs, stride }: BlockPlace): readonly Node[] {
  if (stride === 1 && inputs === outputs) return [];
  const [slice, shortcut] = [`${name}.slice`, `${name}.shortcut`];
  const before = Math.floor((outputs - inputs) / 2);
  return [
    { kind: 'strided-slice', name: slice, inputs: [input], stride: [stride, stride] },
    {
      kind: 'channel-pad',
      name: shortcut,
      inputs: [slice],
      before,
      after: outputs - inputs - before,
    },
  ];
}

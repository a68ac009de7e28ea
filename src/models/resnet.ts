import type { Graph, Node } from '../graph/graph.js';
import { type BuildOptions, widened } from './build-options.js';
import { activation, batchNorm, convolution, linear, maxPool } from './nodes.js';
import { type BlockPlace, basicBlock, residualStages } from './residual.js';

const BLOCKS = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] } as const;

/**
 * ResNet-18 and 34 of He et al. (2016): four stages of 64, 128, 256 and 512 channels, shortcuts into
 * smaller maps by a 1 × 1 convolution with batch norm. The stem for ImageNet is a 7 × 7 convolution
 * of stride 2 and a maximum over 3 × 3, the one for CIFAR a 3 × 3 convolution. Names are torchvision's.
 */
export function resnet(
  depth: keyof typeof BLOCKS,
  stem: 'cifar' | 'imagenet',
  options: BuildOptions,
): Graph {
  const channels = [64, 128, 256, 512].map((count) => widened(count, options.width));
  const stages = channels.map((outputs, i) => ({
    blocks: BLOCKS[depth][i]!,
    outputs,
    stride: i === 0 ? 1 : 2,
  }));
  const outputs = channels[0]!;
  const stemNodes = stem === 'cifar' ? cifarStem(outputs) : imagenetStem(outputs);
  const blockNodes = residualStages({ name: stemNodes.at(-1)!.name, outputs }, stages, (place) =>
    basicBlock({ ...place, shortcut: projection(place) }),
  );
  return {
    name: `resnet${depth}`,
    input: { name: 'input', ...options.input },
    nodes: [
      ...stemNodes,
      ...blockNodes,
      { kind: 'global-average-pool', name: 'avgpool', inputs: [blockNodes.at(-1)!.name] },
      linear('fc', 'avgpool', options.classes),
    ],
    output: 'fc',
  };
}

function cifarStem(outputs: number): readonly Node[] {
  return [
    convolution('conv1', 'input', { outputs, kernel: 3, padding: 1 }),
    batchNorm('bn1', 'conv1'),
    activation('relu', 'bn1'),
  ];
}

function imagenetStem(outputs: number): readonly Node[] {
  return [
    convolution('conv1', 'input', { outputs, kernel: 7, stride: 2, padding: 3 }),
    batchNorm('bn1', 'conv1'),
    activation('relu', 'bn1'),
    maxPool('maxpool', 'relu', { kernel: 3, stride: 2, padding: 1 }),
  ];
}

function projection({ name, input, inputs, outputs, stride }: BlockPlace): readonly Node[] {
  if (stride === 1 && inputs === outputs) return [];
  return [
    convolution(`${name}.downsample.0`, input, { outputs, kernel: 1, stride }),
    batchNorm(`${name}.downsample.1`, `${name}.downsample.0`),
  ];
}

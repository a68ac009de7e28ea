import type { Graph, Node } from '../graph/graph.js';
import { type BuildOptions, widened } from './build-options.js';
import { activation, batchNorm, convolution, linear, maxPool } from './nodes.js';

/** Channels of the convolutions before each pool. */
const CHANNELS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
] as const;

/**
 * VGG-16 of Simonyan and Zisserman (2015) with batch norm: thirteen 3 × 3 convolutions with bias.
 * For ImageNet three linear layers with names as in torchvision; for CIFAR one, named `classifier` as
 * in github.com/kuangliu/pytorch-cifar.
 */
export function vgg16(stem: 'cifar' | 'imagenet', options: BuildOptions): Graph {
  const nodes: Node[] = [];
  let input = 'input';
  const put = (make: (name: string, input: string) => Node): void => {
    const node = make(`features.${nodes.length}`, input);
    nodes.push(node);
    input = node.name;
  };
  for (const stage of CHANNELS) {
    for (const channels of stage) {
      const outputs = widened(channels, options.width);
      put((name, from) => convolution(name, from, { outputs, kernel: 3, padding: 1, bias: true }));
      put((name, from) => batchNorm(name, from));
      put((name, from) => activation(name, from));
    }
    put((name, from) => maxPool(name, from, { kernel: 2, stride: 2 }));
  }
  nodes.push({ kind: 'flatten', name: 'flatten', inputs: [input] });
  nodes.push(
    ...(stem === 'cifar'
      ? [linear('classifier', 'flatten', options.classes)]
      : imagenetClassifier(options)),
  );
  return {
    name: 'vgg16',
    input: { name: 'input', ...options.input },
    nodes,
    output: nodes.at(-1)!.name,
  };
}

/**
 * Items 2 and 5 of torchvision's sequence are dropout: they act in training only, and are no nodes
 * here.
 */
function imagenetClassifier({ classes, width }: BuildOptions): readonly Node[] {
  const hidden = widened(4096, width);
  return [
    linear('classifier.0', 'flatten', hidden),
    activation('classifier.1', 'classifier.0'),
    linear('classifier.3', 'classifier.1', hidden),
    activation('classifier.4', 'classifier.3'),
    linear('classifier.6', 'classifier.4', classes),
  ];
}

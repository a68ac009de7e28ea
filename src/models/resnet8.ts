import type { Graph } from '../graph/graph.js';
import { samePadding } from '../graph/padding.js';
import { type BuildOptions, widened } from './build-options.js';
import { activation, batchNorm, convolution, linear } from './nodes.js';
import { basicBlock, residualStages } from './residual.js';

/** Keras's batch norm in MLPerf Tiny's network. */
const EPSILON = 1e-3;

/**
 * ResNet-8 of MLPerf Tiny's image classification (github.com/mlcommons/tiny): three stages of 16, 32
 * and 64 channels with one basic block each, a bias in every convolution, shortcuts into smaller maps
 * by a 1 × 1 convolution alone, and Keras's 'same' padding. Names follow the ResNets for CIFAR.
 */
export function resnet8(options: BuildOptions): Graph {
  const channels = [16, 32, 64].map((count) => widened(count, options.width));
  const stages = channels.map((outputs, i) => ({ blocks: 1, outputs, stride: i === 0 ? 1 : 2 }));
  const outputs = channels[0]!;
  let map = options.input;
  const blockNodes = residualStages({ name: 'relu', outputs }, stages, (place) => {
    const { name, input, stride } = place;
    const padding = samePadding(map, [3, 3], [stride, stride]);
    map = {
      ...map,
      height: Math.ceil(map.height / stride),
      width: Math.ceil(map.width / stride),
    };
    const shortcut = convolution(`${name}.shortcut`, input, {
      outputs: place.outputs,
      kernel: 1,
      stride,
      bias: true,
    });
    return basicBlock({
      ...place,
      shortcut: stride === 1 ? [] : [shortcut],
      padding,
      bias: true,
      epsilon: EPSILON,
    });
  });
  return {
    name: 'resnet8',
    input: { name: 'input', ...options.input },
    nodes: [
      convolution('conv1', 'input', { outputs, kernel: 3, padding: 1, bias: true }),
      batchNorm('bn1', 'conv1', EPSILON),
      activation('relu', 'bn1'),
      ...blockNodes,
      { kind: 'global-average-pool', name: 'pool', inputs: [blockNodes.at(-1)!.name] },
      linear('linear', 'pool', options.classes),
    ],
    output: 'linear',
  };
}

import type { Graph, Node } from '../graph/graph.js';
import type { BuildOptions } from './build-options.js';
import { activation, batchNorm, type ConvolutionOptions, convolution, linear } from './nodes.js';

/** Expansion, channels and blocks of each stage (Sandler et al. 2018, table 2). */
const STAGES = [
  { expansion: 1, outputs: 16, blocks: 1 },
  { expansion: 6, outputs: 24, blocks: 2 },
  { expansion: 6, outputs: 32, blocks: 3 },
  { expansion: 6, outputs: 64, blocks: 4 },
  { expansion: 6, outputs: 96, blocks: 3 },
  { expansion: 6, outputs: 160, blocks: 3 },
  { expansion: 6, outputs: 320, blocks: 1 },
] as const;

/** Strides of the first convolution, then of each stage's first block. */
const STRIDES = {
  cifar: [1, 1, 1, 2, 2, 1, 2, 1],
  imagenet: [2, 1, 2, 2, 2, 1, 2, 1],
} as const;

/**
 * MobileNetV2 of Sandler et al. (2018), with names, and channels rounded to multiples of 8, as in
 * torchvision; for CIFAR with strides 1 in the first convolution and the second stage.
 */
export function mobilenetV2(stem: keyof typeof STRIDES, options: BuildOptions): Graph {
  const [firstStride, ...strides] = STRIDES[stem];
  let channels = divisibleByEight(32 * options.width);
  const nodes: Node[] = [
    ...filtered('features.0', 'input', {
      outputs: channels,
      kernel: 3,
      stride: firstStride,
      padding: 1,
    }),
  ];
  let place = 1;
  STAGES.forEach(({ expansion, blocks, ...stage }, i) => {
    const outputs = divisibleByEight(stage.outputs * options.width);
    for (let block = 0; block < blocks; block++) {
      const stride = block === 0 ? strides[i]! : 1;
      const name = `features.${place++}`;
      const input = nodes.at(-1)!.name;
      nodes.push(
        ...invertedResidual({ name, input, inputs: channels, expansion, outputs, stride }),
      );
      channels = outputs;
    }
  });
  const last = divisibleByEight(1280 * Math.max(1, options.width));
  nodes.push(
    ...filtered(`features.${place}`, nodes.at(-1)!.name, { outputs: last, kernel: 1 }),
    { kind: 'global-average-pool', name: 'pool', inputs: [`features.${place}.2`] },
    linear('classifier.1', 'pool', options.classes),
  );
  return {
    name: 'mobilenet-v2',
    input: { name: 'input', ...options.input },
    nodes,
    output: 'classifier.1',
  };
}

interface InvertedResidual {
  readonly name: string;
  readonly input: string;
  readonly inputs: number;
  readonly expansion: number;
  readonly outputs: number;
  readonly stride: number;
}

/** 1 × 1 expansion, depthwise 3 × 3 and a linear 1 × 1 projection, added to the input where the shapes allow. */
function invertedResidual(block: InvertedResidual): readonly Node[] {
  const { name, input, inputs, expansion, outputs, stride } = block;
  const hidden = inputs * expansion;
  const part = (index: number) => `${name}.conv.${index}`;
  const expand = expansion === 1 ? [] : filtered(part(0), input, { outputs: hidden, kernel: 1 });
  const depth = expand.length > 0 ? 1 : 0;
  const depthwise = filtered(part(depth), expand.at(-1)?.name ?? input, {
    outputs: hidden,
    kernel: 3,
    stride,
    padding: 1,
    groups: hidden,
  });
  const [project, norm] = [part(depth + 1), part(depth + 2)];
  const nodes = [
    ...expand,
    ...depthwise,
    convolution(project, depthwise.at(-1)!.name, { outputs, kernel: 1 }),
    batchNorm(norm, project),
  ];
  if (stride !== 1 || inputs !== outputs) return nodes;
  return [...nodes, { kind: 'add', name: `${name}.add`, inputs: [norm, input] }];
}

/** A convolution, its batch norm and relu6: items 0, 1 and 2 of a sequence of this name. */
function filtered(name: string, input: string, options: ConvolutionOptions): readonly Node[] {
  return [
    convolution(`${name}.0`, input, options),
    batchNorm(`${name}.1`, `${name}.0`),
    activation(`${name}.2`, `${name}.1`, 'relu6'),
  ];
}

/** The nearest multiple of 8, from 8 on, and never below nine tenths of what is asked (torchvision's rule). */
function divisibleByEight(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

import type { Node, Padding } from '../graph/graph.js';
import { activation, batchNorm, convolution } from './nodes.js';

export interface BasicBlock {
  readonly name: string;
  readonly input: string;
  readonly outputs: number;
  /** Stride of the first convolution, and of the shortcut. */
  readonly stride: number;
  /** Nodes from the input to what is added; none where the input is added as it is. */
  readonly shortcut: readonly Node[];
  /** Padding of the first convolution; 1 on all sides by default. */
  readonly padding?: Padding;
  readonly bias?: boolean;
  readonly epsilon?: number;
}

/**
 * The basic block of He et al. (2016): relu(bn2(conv2(relu(bn1(conv1 x)))) + shortcut x), both
 * convolutions 3 × 3. The last of its nodes, `<name>.relu2`, gives the block's output.
 */
export function basicBlock(block: BasicBlock): readonly Node[] {
  const { name, input, outputs, stride, shortcut, padding = 1, bias = false, epsilon } = block;
  const part = (own: string) => `${name}.${own}`;
  return [
    convolution(part('conv1'), input, { outputs, kernel: 3, stride, padding, bias }),
    batchNorm(part('bn1'), part('conv1'), epsilon),
    activation(part('relu1'), part('bn1')),
    convolution(part('conv2'), part('relu1'), { outputs, kernel: 3, padding: 1, bias }),
    batchNorm(part('bn2'), part('conv2'), epsilon),
    ...shortcut,
    { kind: 'add', name: part('add'), inputs: [part('bn2'), shortcut.at(-1)?.name ?? input] },
    activation(part('relu2'), part('add')),
  ];
}

/** One stage: blocks of the same number of channels, of which the first has the stride. */
export interface Stage {
  readonly blocks: number;
  readonly outputs: number;
  readonly stride: number;
}

/** Where a block is to stand. Its name is PyTorch's, `layer<stage>.<block>`. */
export interface BlockPlace {
  readonly name: string;
  readonly input: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/** Stages behind a stem that gives `inputs` channels, each block as `blockAt` makes it. */
export function residualStages(
  stem: { readonly name: string; readonly outputs: number },
  stages: readonly Stage[],
  blockAt: (place: BlockPlace) => readonly Node[],
): readonly Node[] {
  let { name: input, outputs: inputs } = stem;
  return stages.flatMap(({ blocks, outputs, stride }, stage) =>
    Array.from({ length: blocks }, (_, block) => {
      const name = `layer${stage + 1}.${block}`;
      const nodes = blockAt({ name, input, inputs, outputs, stride: block === 0 ? stride : 1 });
      input = nodes.at(-1)!.name;
      inputs = outputs;
      return nodes;
    }).flat(),
  );
}

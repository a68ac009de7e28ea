import type {
  ActivationKind,
  ActivationNode,
  BatchNorm,
  Convolution,
  Linear,
  Padding,
  Pool,
} from '../graph/graph.js';

// Nodes as PyTorch's modules make them: a parameter's name is the module's, a dot, and its own.

export interface ConvolutionOptions {
  readonly outputs: number;
  /** Rows and columns alike. */
  readonly kernel: number;
  readonly stride?: number;
  /** One number for all sides, or one for each; none by default. */
  readonly padding?: number | Padding;
  readonly groups?: number;
  readonly bias?: boolean;
}

export function convolution(name: string, input: string, options: ConvolutionOptions): Convolution {
  const { outputs, kernel, stride = 1, padding = 0, groups = 1, bias = false } = options;
  return {
    kind: 'convolution',
    name,
    inputs: [input],
    weight: `${name}.weight`,
    ...(bias && { bias: `${name}.bias` }),
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: typeof padding === 'number' ? around(padding) : padding,
    groups,
    outputs,
  };
}

/** `epsilon` 1e-5 is PyTorch's. */
export function batchNorm(name: string, input: string, epsilon = 1e-5): BatchNorm {
  return {
    kind: 'batch-norm',
    name,
    inputs: [input],
    weight: `${name}.weight`,
    bias: `${name}.bias`,
    mean: `${name}.running_mean`,
    variance: `${name}.running_var`,
    epsilon,
  };
}

export function activation(
  name: string,
  input: string,
  kind: ActivationKind = 'relu',
): ActivationNode {
  return { kind: 'activation', name, inputs: [input], activation: kind };
}

export function linear(name: string, input: string, outputs: number): Linear {
  return {
    kind: 'linear',
    name,
    inputs: [input],
    weight: `${name}.weight`,
    bias: `${name}.bias`,
    outputs,
  };
}

export function maxPool(
  name: string,
  input: string,
  { kernel, stride, padding = 0 }: { kernel: number; stride: number; padding?: number },
): Pool {
  return {
    kind: 'max-pool',
    name,
    inputs: [input],
    kernel: [kernel, kernel],
    stride: [stride, stride],
    padding: around(padding),
    countPads: false,
  };
}

function around(size: number): Padding {
  return { top: size, left: size, bottom: size, right: size };
}

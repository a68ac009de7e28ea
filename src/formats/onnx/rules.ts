import type { NodeProto } from 'onnx-buf';
import {
  concat,
  flatten,
  pad,
  reshape,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from './arrangement.js';
import type { Rule } from './builder.js';
import {
  activation,
  add,
  batchNormalization,
  cast,
  clip,
  hardSigmoid,
  identity,
  multiply,
} from './elementwise.js';
import { convolution, gemm, matmul } from './filters.js';
import { averagePool, globalAveragePool, globalMaxPool, maxPool, reduceMean } from './pools.js';
import { divide, subtract } from './scales.js';

/** What each of ONNX's operations is in the graph. */
const RULES: Readonly<Record<string, Rule>> = {
  Add: add,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Concat: concat,
  Conv: convolution,
  Div: divide,
  Dropout: identity,
  Flatten: flatten,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  HardSigmoid: hardSigmoid,
  HardSwish: activation('hard-swish'),
  Identity: identity,
  MatMul: matmul,
  MaxPool: maxPool,
  Mul: multiply,
  Pad: pad,
  ReduceMean: reduceMean,
  Relu: activation('relu'),
  Reshape: reshape,
  Sigmoid: activation('sigmoid'),
  Slice: slice,
  Squeeze: squeeze,
  Sub: subtract,
  Sum: add,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};

/** The rule for a node's operation, where there is one. */
export function ruleOfNode({ opType }: NodeProto): Rule | undefined {
  return Object.hasOwn(RULES, opType) ? RULES[opType] : undefined;
}

import type { BatchNorm, Convolution, Graph, Linear, Node } from './graph.js';
import type { Network, Weight, Weights } from './weights.js';

/**
 * The same network in inference form: a batch norm that is the only reader of a convolution or
 * linear layer goes into its filters, and what it adds into a bias,
 *
 *     W'_o = s_o W_o     b'_o = s_o (b_o − mean_o) + bias_o     s_o = weight_o / √(variance_o + ε),
 *
 * computed in float64 and rounded to float32 once. A batch norm behind anything else stays. The
 * convolution keeps its name and its weight's; a new bias is named `<node>.bias`.
 */
export function foldBatchNorms({ graph, weights }: Network): Network {
  const folds = findFolds(graph);
  const byNorm = new Map(folds.map(({ norm, filter }) => [norm.name, filter.name]));
  const byFilter = new Map(folds.map((fold) => [fold.filter.name, fold]));
  const renamed = (name: string) => byNorm.get(name) ?? name;
  const nodes = graph.nodes
    .filter(({ name }) => !byNorm.has(name))
    .map((node): Node => {
      const inputs = node.inputs.map(renamed);
      const fold = byFilter.get(node.name);
      return fold ? { ...fold.filter, inputs, bias: biasName(fold.filter) } : { ...node, inputs };
    });
  const folded = new Map(weights);
  for (const fold of folds) {
    const { norm, filter } = fold;
    for (const name of [norm.weight, norm.bias, norm.mean, norm.variance]) folded.delete(name);
    const { weight, bias } = foldedWeights(fold, weights);
    folded.set(filter.weight, weight);
    folded.set(biasName(filter), bias);
  }
  return { graph: { ...graph, nodes, output: renamed(graph.output) }, weights: folded };
}

interface Fold {
  readonly filter: Convolution | Linear;
  readonly norm: BatchNorm;
}

function findFolds({ nodes, output }: Graph): Fold[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const reads = new Map<string, number>([[output, 1]]);
  for (const name of nodes.flatMap(({ inputs }) => inputs)) {
    reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  return nodes.flatMap((norm): Fold[] => {
    if (norm.kind !== 'batch-norm') return [];
    const filter = byName.get(norm.inputs[0]!);
    const isFilter = filter?.kind === 'convolution' || filter?.kind === 'linear';
    return isFilter && reads.get(filter.name) === 1 ? [{ filter, norm }] : [];
  });
}

/**
 * The factors s_o by which folding multiplies each filter's outputs, by the name of its weight.
 * Filters that no batch norm is folded into are left out. Divided by s_o, a filter of the folded
 * network becomes one of the network as it was.
 */
export function foldScales({ graph, weights }: Network): ReadonlyMap<string, Float64Array> {
  return new Map(
    findFolds(graph).map((fold) => [fold.filter.weight, foldScale(fold.norm, weights)]),
  );
}

function foldScale({ weight, variance, epsilon }: BatchNorm, weights: Weights): Float64Array {
  const gamma = weights.get(weight)!.data;
  return Float64Array.from(
    weights.get(variance)!.data,
    (v, o) => gamma[o]! / Math.sqrt(v + epsilon),
  );
}

function biasName({ name, bias }: Convolution | Linear): string {
  return bias ?? `${name}.bias`;
}

function foldedWeights({ filter, norm }: Fold, weights: Weights): { weight: Weight; bias: Weight } {
  const [beta, mean] = [norm.bias, norm.mean].map((name) => weights.get(name)!.data) as [
    Float32Array,
    Float32Array,
  ];
  const scale = foldScale(norm, weights);
  const { shape, data } = weights.get(filter.weight)!;
  const size = data.length / filter.outputs;
  const own = filter.bias === undefined ? undefined : weights.get(filter.bias)!.data;
  return {
    weight: { shape, data: data.map((value, i) => value * scale[Math.floor(i / size)]!) },
    bias: {
      shape: [filter.outputs],
      data: Float32Array.from(scale, (s, o) => s * ((own?.[o] ?? 0) - mean[o]!) + beta[o]!),
    },
  };
}

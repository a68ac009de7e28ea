import { activationLayer, addLayer } from './activation.js';
import { batchNormLayer } from './batch-norm.js';
import { convolutionLayer } from './convolution.js';
import { depthwiseLayer } from './depthwise.js';
import type { Layer, LayerContext } from './layer.js';
import { multiplyLayer } from './multiply.js';
import { poolLayer } from './pool.js';
import { shortcutLayer } from './shortcut.js';
import { isDepthwise, type LoweredNode, type Step } from './steps.js';

/** Makes a step's layer by the kind of its node. */
export function prepareLayer(context: LayerContext, step: Step): Promise<Layer> {
  const { node } = step;
  switch (node.kind) {
    case 'convolution':
      return isDepthwise(node, context.shapes)
        ? depthwiseLayer(context, stepOfKind(step, node))
        : convolutionLayer(context, stepOfKind(step, node));
    case 'batch-norm':
      return batchNormLayer(context, stepOfKind(step, node));
    case 'activation':
      return activationLayer(context, stepOfKind(step, node));
    case 'add':
      return addLayer(context, stepOfKind(step, node));
    case 'multiply':
      return multiplyLayer(context, stepOfKind(step, node));
    case 'max-pool':
    case 'average-pool':
    case 'global-average-pool':
      return poolLayer(context, stepOfKind(step, node));
    case 'strided-slice':
    case 'channel-pad':
    case 'concatenation':
      return shortcutLayer(context, stepOfKind(step, node));
  }
}

/** The step with its node's kind known. */
function stepOfKind<Kind extends LoweredNode>(step: Step, node: Kind): Step<Kind> {
  return { ...step, node };
}

import { EspalierError } from '../errors.js';
import { activationLayer, addLayer } from './activation.js';
import { batchNormLayer } from './batch-norm.js';
import { convolutionLayer } from './convolution.js';
import type { Layer, LayerContext } from './layer.js';
import { multiplyLayer } from './multiply.js';
import { isDepthwise } from './parameters.js';
import { poolLayer } from './pool.js';
import { shortcutLayer } from './shortcut.js';
import type { LoweredNode, Step } from './steps.js';

/**
 * Makes a step's layer by the kind of its node.
 *
 * @throws bad-network naming a node that there is no layer for.
 */
export function prepareLayer(context: LayerContext, step: Step): Promise<Layer> {
  const { node } = step;
  switch (node.kind) {
    case 'convolution':
      if (isDepthwise(node, context.shapes)) break;
      return convolutionLayer(context, stepOfKind(step, node));
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
  throw new EspalierError(
    'bad-network',
    `Node "${node.name}" (${node.kind}) cannot be run: there is no layer for it here.`,
  );
}

/** The step with its node's kind known. */
function stepOfKind<Kind extends LoweredNode>(step: Step, node: Kind): Step<Kind> {
  return { ...step, node };
}

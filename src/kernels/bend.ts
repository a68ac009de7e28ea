import type { Bend, MapActivation } from '../../shaders/activations.js';
import type { FeatureMap } from './feature-map.js';

/**
 * Which of an activation's output and input its derivative is worked out from: the output where it is
 * given, otherwise the input.
 *
 * @throws RangeError for a hard-swish whose input is not there: its output does not tell its
 *   derivative.
 */
export function chooseBend(activation: MapActivation, output: FeatureMap | undefined): Bend {
  if (activation === 'none') return { from: 'nothing' };
  if (!output) return { from: 'input', activation };
  if (activation !== 'hard-swish') return { from: 'output', activation };
  throw new RangeError(
    `${output.matrix.buffer.label}: a hard-swish takes some values twice, so that its derivative takes its input.`,
  );
}

import type { Pictures } from '../../../data/pictures.js';
import { EspalierError } from '../../../errors.js';
import type { PruneConfig } from './config.js';

/**
 * Refuses, before any work, what learns from labels where there are none.
 *
 * @throws bad-data saying what does without.
 */
export function requireLabels({ labels }: Pictures, { fineTune, distil }: PruneConfig): void {
  if (labels || fineTune === 0 || distil === 1) return;
  throw new EspalierError('bad-data', {
    kind: 'message',
    message: 'Fine-tuning learns from labels, and these pictures have none.',
    instead: { distil: 1 },
  });
}

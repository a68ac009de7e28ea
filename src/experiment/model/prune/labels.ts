import type { Pictures } from '../../../data/pictures.js';
import { EspalierError } from '../../../errors.js';
import { type ChannelCriterion, LABELLED_CRITERIA } from '../../../prune/channels/criteria.js';
import type { PruneConfig } from './config.js';

/**
 * Refuses, before any work, what learns from labels where there are none.
 *
 * @throws bad-data saying what does without.
 */
export function requireLabels(pictures: Pictures, config: PruneConfig): void {
  requireCriterionLabels(pictures, config.criterion);
  if (pictures.labels || config.fineTune === 0 || config.distil === 1) return;
  throw new EspalierError('bad-data', {
    kind: 'message',
    message: 'Fine-tuning learns from labels, and these pictures have none.',
    instead: { distil: 1 },
  });
}

/** @throws bad-data for a criterion that looks at labels, and pictures without. */
export function requireCriterionLabels({ labels }: Pictures, criterion: ChannelCriterion): void {
  if (labels || !LABELLED_CRITERIA.includes(criterion)) return;
  throw new EspalierError('bad-data', {
    kind: 'message',
    message: `The criterion ${criterion} looks at labels, and these pictures have none.`,
    instead: { criterion: 'group' },
  });
}

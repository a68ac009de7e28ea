import type { PictureSet } from '../../../data/pictures.js';
import { EspalierError } from '../../../errors.js';
import { LABELLED_CRITERIA } from '../../../prune/channels/criteria.js';
import { type PruneConfig, pruneOptions } from './config.js';
import type { PruneOptions } from './events.js';

/**
 * Refuses, before any work, what learns from labels where there are none.
 *
 * @throws bad-data saying what does without.
 */
export function requireLabels(pictures: PictureSet, config: PruneConfig): void {
  requireCutLabels(pictures, pruneOptions(config));
  if (pictures.labels) return;
  if (config.trainBetween > 0) {
    throw new EspalierError('bad-data', {
      kind: 'message',
      message: 'Training between units learns from labels, and these pictures have none.',
      instead: { trainBetween: 0 },
    });
  }
  if (config.fineTune === 0 || config.distil === 1) return;
  throw new EspalierError('bad-data', {
    kind: 'message',
    message: 'Fine-tuning learns from labels, and these pictures have none.',
    instead: { distil: 1 },
  });
}

/** Whether a cut is made by labels too. */
export function looksAtLabels({
  criterion,
  layerTolerance,
}: Pick<PruneOptions, 'criterion' | 'layerTolerance'>): boolean {
  return layerTolerance !== undefined || LABELLED_CRITERIA.includes(criterion);
}

/** @throws bad-data for a cut that looks at labels, and pictures without. */
export function requireCutLabels(
  { labels }: PictureSet,
  options: Pick<PruneOptions, 'criterion' | 'layerTolerance'>,
): void {
  if (labels || !looksAtLabels(options)) return;
  const { criterion, layerTolerance } = options;
  throw new EspalierError('bad-data', {
    kind: 'message',
    ...(layerTolerance === undefined
      ? {
          message: `The criterion ${criterion} looks at labels, and these pictures have none.`,
          instead: { criterion: 'group' },
        }
      : {
          message:
            'What a unit costs of the accuracy is seen by labels, and these pictures have none.',
          instead: { flops: 0.5 },
        }),
  });
}

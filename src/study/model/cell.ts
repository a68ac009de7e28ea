import { z } from 'zod';
import { CHANNEL_CRITERIA } from '../../prune/channels/criteria.js';
import type { CellKind } from '../records.js';

const whole = z.int().nonnegative();
const loss = z.number().nonnegative();
const share = z.number().min(0).max(1);

const cellSchema = z.object({
  architecture: z.string(),
  /** The multiple of its channels. */
  width: z.number().positive(),
  examples: whole,
  trial: whole,
  /** Steps of pre-training. */
  iteration: whole,
  criterion: z.enum(CHANNEL_CRITERIA),
  /** `picturesChecksum` of the training pictures. It reveals other pictures under the same name. */
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
  /** On the pictures that only measure: mean cross-entropy, and share of right answers. */
  denseTestLoss: loss,
  denseTestAccuracy: share,
  /** As cut, before any fine-tuning. */
  subnetworkTestLoss: loss,
  subnetworkTestAccuracy: share,
  /** After the steps of fine-tuning. */
  fineTunedTestLoss: loss.optional(),
  fineTunedTestAccuracy: share.optional(),
  /** The dense network after as many further steps: as many in all as the fine-tuned one. */
  continuedTestLoss: loss.optional(),
  continuedTestAccuracy: share.optional(),
  /** The subnetwork's architecture, trained from scratch for as many steps in all. */
  scratchTestLoss: loss.optional(),
  scratchTestAccuracy: share.optional(),
  /** With magnitude pruning behind the cut: parameters that are not zero, and after fine-tuning. */
  thenParameters: whole.optional(),
  thenTestLoss: loss.optional(),
  thenTestAccuracy: share.optional(),
  /** Of the dense network by magnitude alone, with as many. */
  magnitudeAloneTestLoss: loss.optional(),
  magnitudeAloneTestAccuracy: share.optional(),
  /** By channels alone, with no more. */
  channelsAloneParameters: whole.optional(),
  channelsAloneTestLoss: loss.optional(),
  channelsAloneTestAccuracy: share.optional(),
  /** Of one picture, after the cut and before. */
  multiplyAdds: whole,
  denseMultiplyAdds: whole,
  parameters: whole,
  denseParameters: whole,
  /** Channels that stay of each unit, from the first on: `7 15 31`. */
  kept: z.string().regex(/^\d+( \d+)*$/),
  seconds: z.number().nonnegative(),
  adapter: z.string(),
});

const possibleSchema = cellSchema
  .refine(({ multiplyAdds, denseMultiplyAdds }) => multiplyAdds <= denseMultiplyAdds, {
    path: ['multiplyAdds'],
    error: 'more than the dense network has',
  })
  .refine(({ parameters, denseParameters }) => parameters <= denseParameters, {
    path: ['parameters'],
    error: 'more than the dense network has',
  });

/**
 * One measurement of a study of a deep network: a subnetwork cut at one checkpoint of one trial by one
 * criterion, beside what it is compared with.
 *
 * @interface
 */
export type ModelStudyCell = z.infer<typeof cellSchema>;

/** Cells of deep networks. */
export const MODEL_CELLS: CellKind<ModelStudyCell> = {
  schema: possibleSchema,
  columns: Object.keys(cellSchema.shape) as (keyof ModelStudyCell)[],
  identity: ['architecture', 'width', 'criterion', 'examples', 'trial', 'iteration'],
};

/** The accuracy that a subnetwork is judged by: after fine-tuning, where there is any. */
export function subnetworkAccuracy(cell: ModelStudyCell): number {
  return cell.fineTunedTestAccuracy ?? cell.subnetworkTestAccuracy;
}

/** The dense network's after as many steps in all, or where that was not measured, before them. */
export function denseAccuracy(cell: ModelStudyCell): number {
  return cell.continuedTestAccuracy ?? cell.denseTestAccuracy;
}

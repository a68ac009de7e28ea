import { SOFTMAX_LOSS_THREADS, softmaxLossShader } from '../../shaders/softmax-loss.wgsl.js';
import type { GpuBuffer } from '../gpu/buffer.js';
import type { Commands } from '../gpu/commands.js';
import type { Device } from '../gpu/device.js';
import { prepareKernel } from '../gpu/kernel.js';
import { type Matrix, requireSameLayout } from '../gpu/matrix.js';

export interface SoftmaxLoss {
  /** f [images × classes]. */
  readonly logits: Matrix;
  /** Classes of the examples, u32; without them the loss is distillation alone. */
  readonly labels?: GpuBuffer | undefined;
  /** Indices of the examples; without them their labels are taken in order. */
  readonly indices?: GpuBuffer | undefined;
  /** t, the logits to come close to, laid out as f; without them the loss is cross-entropy alone. */
  readonly teacher?: Matrix | undefined;
  /** ∂/∂f of scale · Σ loss, laid out as f, written. */
  readonly gradient?: Matrix | undefined;
  /** Pairs (loss, 1 where the answer is right), one an image, written. */
  readonly results: GpuBuffer;
}

export interface SoftmaxLossCall {
  /** How many images, from the first on; all that fit by default. */
  readonly images?: number;
  /** First entry of `indices`, or first label. */
  readonly first?: number;
  /** Pair of the first image. */
  readonly firstResult?: number;
  /** Factor on the gradient, 1 / images by default, which is that of the mean loss. */
  readonly scale?: number;
  /** Share of distillation in a loss that has both parts; 1/2 by default. */
  readonly share?: number;
  /** T; 1 by default. */
  readonly temperature?: number;
}

/**
 * Prepares, for each image, (1 − share) · cross-entropy + share · T² KL(p ‖ q), p = softmax(t / T),
 * q = softmax(f / T), with its gradient ((1 − share)(softmax(f) − y) + share · T (q − p)) · scale.
 * The T² keeps the gradient's size whatever T (Hinton, Vinyals, Dean: Distilling the Knowledge in a
 * Neural Network, 2015, section 2). An answer is right where f is largest, the first of equals, at
 * the label; without labels, where it agrees with the teacher's.
 *
 * About 10 operations a logit for each part, an exponential counted as one; the least that must
 * move is 4 bytes a logit, 4 more for the teacher's and for the gradient, and 8 to 16 an image.
 *
 * @throws RangeError when there is neither a label nor a teacher, or a matrix is laid out otherwise
 *   than the logits.
 */
export async function prepareSoftmaxLoss(
  device: Device,
  { logits, labels, indices, teacher, gradient, results }: SoftmaxLoss,
): Promise<(commands: Commands, call?: SoftmaxLossCall) => void> {
  if (!labels && !teacher) throw new RangeError('A softmax loss needs labels or a teacher.');
  for (const other of [teacher, gradient]) requireSameLayout(logits, other);
  const shader = softmaxLossShader({
    labels: labels !== undefined,
    gather: labels !== undefined && indices !== undefined,
    teacher: teacher !== undefined,
    gradient: gradient !== undefined,
  });
  const kernel = await prepareKernel(device, shader, {
    logits: logits.buffer,
    results,
    ...(labels && { labels }),
    ...(labels && indices && { indices }),
    ...(teacher && { teacher: teacher.buffer }),
    ...(gradient && { gradient: gradient.buffer }),
  });
  const parts = Number(labels !== undefined) + Number(teacher !== undefined);
  return (commands, call = {}) => {
    const images = call.images ?? logits.rows;
    commands.dispatch(
      kernel,
      {
        images,
        classes: logits.columns,
        vectors: logits.stride / 4,
        first: call.first ?? 0,
        first_result: call.firstResult ?? 0,
        scale: call.scale ?? 1 / images,
        share: shareOfDistillation(call, { labels, teacher }),
        temperature: call.temperature ?? 1,
      },
      Math.ceil(images / SOFTMAX_LOSS_THREADS),
      10 * parts * images * logits.columns,
    );
  };
}

function shareOfDistillation(
  { share = 1 / 2 }: SoftmaxLossCall,
  { labels, teacher }: Pick<SoftmaxLoss, 'labels' | 'teacher'>,
): number {
  if (!teacher) return 0;
  return labels ? share : 1;
}

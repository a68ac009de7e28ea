import { readFloats } from '../../src/gpu/buffer.js';
import { readMatrix } from '../../src/gpu/matrix.js';
import { prepareSoftmaxLoss } from '../../src/kernels/softmax-loss.js';
import { softmaxLossReference } from '../../src/reference/softmax-loss.js';
import { requireSame, requireWithin } from '../check.js';
import type { KernelBench } from '../kernel.js';
import { nans, randomNumbers } from '../numbers.js';

type SoftmaxLossShape = {
  readonly images: number;
  readonly classes: number;
  /** Distillation alone, without labels. */
  readonly distil?: 1;
};

export const softmaxLossBench: KernelBench<SoftmaxLossShape> = {
  name: 'softmax-loss',
  shapes: [
    { images: 128, classes: 10 },
    { images: 128, classes: 10, distil: 1 },
    { images: 128, classes: 1000 },
  ],
  operations: ({ images, classes }) => 10 * images * classes,
  bytes: ({ images, classes, distil }) => images * (distil ? 12 * classes + 8 : 8 * classes + 12),
  prepare: async ({ device, scope, shape: { images, classes, distil } }) => {
    const numbers = images * classes;
    const [f, t] = [1, 2].map((seed) => randomNumbers(numbers, seed).map((x) => 5 * x));
    const labels = Uint32Array.from(randomNumbers(images, 3), (x) => (500 * (x + 1)) % classes);
    const results = scope.bufferFrom('losses', nans(2 * images));
    const gradient = scope.matrix('gradient', [images, classes], { data: nans(numbers) });
    const run = await prepareSoftmaxLoss(device, {
      logits: scope.matrix('logits', [images, classes], { data: f }),
      ...(distil
        ? { teacher: scope.matrix('teacher', [images, classes], { data: t }) }
        : { labels: scope.bufferFrom('labels', labels) }),
      gradient,
      results,
    });
    return {
      encode: (commands) => run(commands),
      verify: async () => {
        const splitRows = (data: Float32Array) =>
          Array.from({ length: images }, (_, i) => data.subarray(i * classes, (i + 1) * classes));
        const reference = softmaxLossReference({
          classes,
          logits: splitRows(f ?? nans(0)),
          ...(distil ? { teacher: splitRows(t ?? nans(0)) } : { labels }),
          scale: 1 / images,
          share: distil ? 1 : 0,
          temperature: 1,
        });
        const pairs = await readFloats(results);
        const part = (index: number) => pairs.filter((_, at) => at % 2 === index);
        requireWithin(part(0), reference.losses, 'losses');
        requireSame(part(1), reference.right, 'right answers');
        requireWithin(await readMatrix(gradient), reference.gradient, 'gradient');
      },
    };
  },
};

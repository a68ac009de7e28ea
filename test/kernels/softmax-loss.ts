import { requireSame, requireWithin } from '../../bench/check.js';
import { nans } from '../../bench/numbers.js';
import { Commands } from '../../src/gpu/commands.js';
import { prepareSoftmaxLoss, type SoftmaxLossCall } from '../../src/kernels/softmax-loss.js';
import { softmaxLossReference } from '../../src/reference/softmax-loss.js';
import { type KernelCase, randomNumbers } from './case.js';
import { memoryCase, readOwnFloats, writtenValues } from './memory.js';

interface Spec {
  readonly shape: readonly [images: number, classes: number];
  readonly by: 'labels' | 'teacher' | 'both';
  readonly call?: SoftmaxLossCall;
  readonly gather?: boolean;
  readonly gradient?: false;
  /** Logits are this many times N(0, 1). */
  readonly spread?: number;
  /** Logits are multiples of it, so that some are equal. */
  readonly quantum?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1], by: 'labels' },
  { shape: [67, 10], by: 'labels', call: { first: 3, firstResult: 2 } },
  { shape: [131, 7], by: 'labels', gather: true, call: { first: 5 }, quantum: 1 },
  { shape: [5, 101], by: 'labels', call: { scale: 1 / 7 }, spread: 40 },
  { shape: [64, 10], by: 'labels', gradient: false, spread: 90 },
  { shape: [9, 10], by: 'labels', call: { images: 6 } },
  { shape: [67, 10], by: 'teacher' },
  { shape: [3, 5], by: 'teacher', call: { temperature: 4, firstResult: 1 }, quantum: 0.5 },
  { shape: [31, 13], by: 'teacher', call: { temperature: 0.7 }, spread: 20 },
  { shape: [13, 2], by: 'teacher', gradient: false },
  { shape: [65, 10], by: 'both', call: { share: 0.25, temperature: 3 } },
  { shape: [17, 11], by: 'both', gather: true, call: { first: 2 }, quantum: 1 },
];

export const softmaxLossCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, by, call = {}, gather = false, spread = 3, quantum } = spec;
  const [count, classes] = shape;
  const { images = count, first = 0, firstResult = 0 } = call;
  const name = `softmax-loss ${shape.join(' × ')} by ${by}${gather ? ', gathered' : ''} ${JSON.stringify(call)}`;
  return memoryCase(name, async (device, memory) => {
    const numbers = (seed: number) =>
      randomNumbers(count * classes, seed).map((x) =>
        quantum ? Math.round(x / quantum) * quantum : x * spread,
      );
    const [f, t] = [numbers(1), numbers(2)];
    const all = Uint32Array.from(
      randomNumbers(first + count + 50, 3),
      (x) => Math.floor(Math.abs(x) * 97) % classes,
    );
    const indices = Uint32Array.from(
      { length: first + count },
      (_, i) => (i * 11 + 4) % all.length,
    );
    const labels = by !== 'teacher';
    const teacher = by !== 'labels';
    const map = { images: count, height: 1, width: 1, channels: classes };
    const gradient = memory.map(map);
    const results = memory.buffer(nans(2 * (firstResult + count + 1)));
    const run = await prepareSoftmaxLoss(device, {
      logits: memory.map(map, f).matrix,
      labels: labels ? memory.buffer(all) : undefined,
      indices: gather ? memory.buffer(indices) : undefined,
      teacher: teacher ? memory.map(map, t).matrix : undefined,
      gradient: spec.gradient === false ? undefined : gradient.matrix,
      results,
    });
    const commands = new Commands(device);
    run(commands, call);
    await commands.finish();
    const splitRows = (data: Float32Array) =>
      Array.from({ length: images }, (_, i) => data.subarray(i * classes, (i + 1) * classes));
    const reference = softmaxLossReference({
      classes,
      logits: splitRows(f),
      labels: labels
        ? Array.from(
            { length: images },
            (_, i) => all[gather ? (indices[first + i] ?? -1) : first + i] ?? -1,
          )
        : undefined,
      teacher: teacher ? splitRows(t) : undefined,
      scale: Math.fround(call.scale ?? 1 / images),
      share: Math.fround(teacher ? (labels ? (call.share ?? 0.5) : 1) : 0),
      temperature: Math.fround(call.temperature ?? 1),
    });
    const pairs = await readOwnFloats(results);
    const own = pairs.subarray(2 * firstResult, 2 * (firstResult + images));
    requireWithin(
      own.filter((_, at) => at % 2 === 0),
      reference.losses,
    );
    requireSame(
      own.filter((_, at) => at % 2 === 1),
      reference.right,
    );
    const others = pairs.filter(
      (_, at) => at < 2 * firstResult || at >= 2 * (firstResult + images),
    );
    requireSame(others, nans(others.length));
    if (spec.gradient === false) return;
    requireWithin(await writtenValues(gradient, images), reference.gradient);
  });
});

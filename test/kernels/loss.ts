import { Batch } from '../../src/gpu/batch.js';
import { lossGroups, prepareLoss } from '../../src/kernels/loss.js';
import { elementsOf } from '../../src/reference/element.js';
import { lossReference } from '../../src/reference/loss.js';
import { type KernelCase, randomNumbers, requireWithin } from './case.js';
import { floatsOf, memoryCase, nans, sumOfSlices } from './memory.js';

interface Spec {
  readonly shape: readonly [m: number, outputs: number];
  readonly first?: number;
  readonly firstGroup?: number;
  /** Residuals are multiples of it, so that outputs meet 1/2 and each other exactly. */
  readonly quantum?: number;
}

const SPECS: readonly Spec[] = [
  { shape: [1, 1] },
  { shape: [511, 1], first: 3, firstGroup: 1, quantum: 0.5 },
  { shape: [1031, 1], first: 1, firstGroup: 2 },
  { shape: [67, 2], first: 5, quantum: 0.5 },
  { shape: [513, 3], firstGroup: 3, quantum: 0.25 },
  { shape: [1, 10], first: 2 },
  { shape: [1543, 10], first: 7, firstGroup: 1, quantum: 1 },
  { shape: [131, 10] },
];

export const lossCases: readonly KernelCase[] = SPECS.map((spec) => {
  const { shape, first = 0, firstGroup = 0, quantum } = spec;
  const [m, outputs] = shape;
  const grid = quantum ? `, multiples of ${quantum}` : '';
  const name = `loss ${shape.join(' × ')} from ${first} into group ${firstGroup}${grid}`;
  return memoryCase(name, async (device, memory) => {
    const errors = randomNumbers(m * outputs, 1).map((x) =>
      quantum ? Math.round(x / quantum) * quantum : x,
    );
    const labels = randomNumbers(first + m, 2).map((x) => Math.floor(Math.abs(x) * 97));
    const oneHot = Float32Array.from({ length: (first + m) * outputs }, (_, at) => {
      const label = labels[Math.floor(at / outputs)] ?? 0;
      return outputs === 1 ? label % 2 : Number(label % outputs === at % outputs);
    });
    const groups = lossGroups(m);
    const sums = memory.buffer(nans((firstGroup + groups + 1) * 2));
    const run = await prepareLoss(device, {
      residual: memory.matrix(m, outputs, errors),
      targets: memory.matrix(first + m, outputs, oneHot),
      sums,
    });
    const batch = new Batch(device);
    run(batch, { m, first, firstGroup });
    await batch.finish();
    const target = elementsOf(oneHot, outputs);
    const reference = lossReference({
      m,
      outputs,
      residual: elementsOf(errors, outputs),
      targets: (j, c) => target(first + j, c),
    });
    const range = { first: firstGroup, count: groups, size: 2 };
    requireWithin(sumOfSlices(await floatsOf(sums), range), reference);
  });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../../src/gpu/device.js';
import { contributions } from '../../../src/prune/channels/contributions.js';
import { selectByRule } from '../../../src/prune/channels/rules.js';
import { randomStream } from '../../../src/random.js';
import { outputsLoss } from '../../../src/reference/selection.js';
import { requireNothingLeft, sharedDevice } from '../../gpu/probe.js';
import { judgeFor, PICK_TOLERANCE } from '../judge.js';
import { contributed, randomLayer } from './brute.js';

let device: Device;
beforeAll(async () => {
  device = await sharedDevice();
});
afterAll(requireNothingLeft);

/** A share of the targets' own loss: inner products are factored, and the picks made in float32. */
const LOSS_TOLERANCE = 1e-4;

test.each(['average', 'line-search', 'corrective'] as const)(
  'by %s each channel is the best of all, with the factors of every number',
  async (rule) => {
    for (const shape of [
      { channels: 7, taps: 4, outputs: 3, positions: 97, seed: 12 },
      { channels: 2, taps: 9, outputs: 1, positions: 31, seed: 13 },
    ]) {
      const layer = randomLayer(shape);
      const stream = randomStream(6, 'rules');
      const weights = new Float64Array(layer.channels * layer.taps * layer.outputs).map(() =>
        stream.normal(),
      );
      const z = contributed(layer, weights);
      const problem = {
        examples: layer.positions,
        outputs: layer.outputs,
        phi: z.map((own) => own.map((value) => layer.channels * value)),
        y: layer.targets,
        loss: 'squared' as const,
      };
      const judge = judgeFor(problem, rule, false);
      const none = judge.loss([]);
      const { order, factors } = await selectByRule(device, contributions(layer, weights), rule);
      expect([...order].sort()).toEqual([...z.keys()]);
      order.forEach((pick, step) => {
        const before = [...order.subarray(0, step)];
        const losses = judge.losses(before);
        const best = Math.min(...judge.open(before).map((channel) => losses[channel] as number));
        expect(losses[pick]).toBeLessThanOrEqual(best + PICK_TOLERANCE * none);
        const sum = new Float64Array(layer.targets.length);
        factors(step + 1).forEach((factor, at) => {
          z[order[at] as number]?.forEach((value, e) => {
            sum[e] = (sum[e] as number) + factor * value;
          });
        });
        const off = outputsLoss(problem, sum) - judge.loss([...before, pick]);
        expect(Math.abs(off)).toBeLessThan(LOSS_TOLERANCE * none);
      });
    }
  },
);

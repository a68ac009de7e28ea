import { afterAll, beforeAll, expect, test } from 'vitest';
import { networkLoss } from '../../bench/workloads/network-loss.js';
import { prune } from '../../bench/workloads/prune.js';
import { requireSameAnswers } from '../../bench/workloads/prune-answers.js';
import {
  requireBestPicks,
  requireNormalEquations,
  requireSums,
} from '../../bench/workloads/prune-checks.js';
import type { PruneSetup } from '../../bench/workloads/prune-setup.js';
import type { Device } from '../../src/gpu/device.js';
import { freshDevice } from '../gpu/probe.js';

let device: Device;
beforeAll(async () => {
  device = await freshDevice();
});
afterAll(() => device?.dispose());

/** What the contenders of one contest share; what lies on the device goes with it. */
function contestContext() {
  let shared: Promise<unknown> | undefined;
  return {
    device,
    source: undefined,
    signal: undefined,
    clock: undefined,
    own: <T extends Disposable>(resource: T) => resource,
    share: <T>(prepare: () => Promise<T>) => {
      shared ??= prepare();
      return shared as Promise<T>;
    },
  };
}

test('a pick of network-loss is right in all ways', async () => {
  const context = contestContext();
  for (const variant of networkLoss.variants) {
    const contender = await networkLoss.cases.at(-1)?.contend({ ...context, variant });
    await contender?.verify();
    expect((await contender?.time(0))?.samples[0]).toBeGreaterThan(0);
  }
});

test('phases of a pruning are right before they are timed, and wrong ones are refused', async () => {
  const [, small] = prune.cases;
  const context = contestContext();
  // The whole is what other tests prune.
  for (const variant of prune.variants.filter((name) => name !== 'whole')) {
    const contender = await small?.contend({ ...context, variant });
    await contender?.verify();
    expect(contender?.cost().bytes).toBeGreaterThan(0);
  }
  const setup = await context.share<PruneSetup>(() => Promise.reject(new Error('no setup')));
  const { units, pruning } = setup;
  const doubled = units.map(({ measurements }) =>
    measurements.map((own) => {
      const gram = own.statistics.gram.map((sum) => 2 * sum);
      return { ...own, statistics: { ...own.statistics, gram } };
    }),
  );
  await expect(requireSums(setup, doubled)).rejects.toThrow(/^the sums of/);
  const turned = units.map(({ order }) => order.toReversed());
  expect(() => requireBestPicks(setup, turned)).toThrow(/is possible/);
  const nothing = units.map(({ measurements }) =>
    measurements.map(({ statistics }) => new Float64Array(statistics.correlation.length)),
  );
  expect(() => requireNormalEquations(setup, nothing)).toThrow(/^the normal equations/);
  expect(() => requireSameAnswers(setup, pruning.folded)).toThrow(/of the cut network/);
});

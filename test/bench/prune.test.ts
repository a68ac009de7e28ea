import { expect, test } from 'vitest';
import { prune } from '../../bench/workloads/prune.js';
import { requireSameAnswers } from '../../bench/workloads/prune-answers.js';
import {
  requireBestPicks,
  requireNormalEquations,
  requireSums,
} from '../../bench/workloads/prune-checks.js';
import type { PruneSetup } from '../../bench/workloads/prune-setup.js';
import { freshDevice } from '../gpu/probe.js';

test('phases of a pruning are right before they are timed, and wrong ones are refused', async () => {
  using device = await freshDevice();
  const [, small] = prune.cases;
  let shared: Promise<unknown> | undefined;
  const context = {
    device,
    source: undefined,
    signal: undefined,
    clock: undefined,
    // What lies on the device goes with it.
    own: <T extends Disposable>(resource: T) => resource,
    share: <T>(prepare: () => Promise<T>) => {
      shared ??= prepare();
      return shared as Promise<T>;
    },
  };
  // The whole is what other tests prune.
  for (const variant of prune.variants.filter((name) => name !== 'whole')) {
    const contender = await small?.contend({ ...context, variant });
    await contender?.verify();
    expect(contender?.cost().bytes).toBeGreaterThan(0);
  }
  const setup = (await shared) as PruneSetup;
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
